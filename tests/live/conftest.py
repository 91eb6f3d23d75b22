"""Captures that are closed at the end of the test, whatever it left hanging."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from camviewer.live.capture import Capture
from camviewer.live.slot import Slot
from camviewer.media.source import Source
from tests.live.fake_clock import PATIENCE, FakeClock
from tests.live.fake_source import FakeCamera
from tests.live.told import Capturing, Told


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def slot() -> Slot:
    return Slot()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def capturing(clock: FakeClock, slot: Slot, told: Told) -> Iterator[Capturing]:
    """Starts captures; at the end all of them must have let go."""
    captures: list[tuple[Capture, Source]] = []
    threads = set(threading.enumerate())

    def start(source: Source, **options: Any) -> Capture:
        capture = Capture(source, slot, told=told, clock=clock, **options)
        captures.append((capture, source))
        capture.start()
        return capture

    yield start
    for capture, source in captures:
        capture.close(0)
        if isinstance(source, FakeCamera):
            source.give(None)  # as a camera that runs would
        assert capture.close(PATIENCE), "the test left a thread hanging"
    for thread in set(threading.enumerate()) - threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), f"{thread} goes on"
