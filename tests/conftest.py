"""What every test shares."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from camviewer import paths

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# no test depends on what the developer's own use of the program has left in the cache
os.environ["CAMVIEWER_RUNTIME"] = "eager"
# beside another busy process two torch threads, which spin for each other, are far slower than one
torch.set_num_threads(1)
# for the same reason no example has a deadline; what hangs is found by pytest's own timeout
# the continuous integration tries the same examples each time, everybody else always new ones
settings.register_profile("camviewer", deadline=None, derandomize="CI" in os.environ, database=None)
settings.load_profile("camviewer")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(autouse=True)
def no_data_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the lessons and networks that the developer keeps, or adds any."""
    monkeypatch.setattr(paths, "data", lambda: tmp_path / "user data")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real networks and photographs; skips where it is absent."""
    named = os.environ.get("CAMVIEWER_TEST_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not (folder / "weights").is_dir():
        pytest.skip(
            "no test data: set CAMVIEWER_TEST_DATA to its folder, or put it in ../shared/data"
        )
    return folder


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a Python thread behind."""
    before = set(threading.enumerate())
    yield
    leaked = [t for t in set(threading.enumerate()) - before if t.is_alive() and not t.daemon]
    assert not leaked, f"threads left behind: {leaked}"
