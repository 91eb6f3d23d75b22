"""Figures of the status bar, against numbers worked out by hand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camviewer.live.loop import Result, Settings
from camviewer.live.meter import Meter
from camviewer.live.rates import Figures, Rates
from tests.inspections import heatmap, inspection
from tests.live.fake_clock import FakeClock

INSPECTION = inspection(heatmap([[1.0]]))


def result(arrived: float, seconds: float = 0.02) -> Result:
    return Result(replace(INSPECTION, seconds=seconds), arrived, arrived, 1, Settings())


@given(rate=st.floats(0.2, 240), seconds=st.floats(0, 1))
def test_a_steady_rate_is_told_exactly(rate: float, seconds: float) -> None:
    clock = FakeClock()
    meter = Meter(clock=clock.now)
    for _ in range(max(3, round(3 * rate))):
        clock.advance(1 / rate)
        meter.tick()
    clock.advance(seconds / rate)  # at any moment between two of them
    assert meter.rate == pytest.approx(rate, rel=1e-6)


def test_a_rate_falls_when_nothing_comes() -> None:
    clock = FakeClock()
    meter = Meter(clock=clock.now)
    for _ in range(100):
        clock.advance(0.1)
        meter.tick()
    rates = []
    for _ in range(20):
        clock.advance(0.5)
        rates.append(meter.rate)
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 2


def test_one_event_is_no_rate() -> None:
    clock = FakeClock()
    meter = Meter(clock=clock.now)
    assert meter.rate == 0
    meter.tick()
    assert meter.rate == 0
    meter.tick()  # at the very same time
    assert meter.rate == 0
    clock.advance(1)
    meter.tick()
    assert meter.rate > 0
    meter.reset()
    assert meter.rate == 0


def test_nothing_shown_gives_zeros() -> None:
    assert Rates().figures() == Figures(0.0, 0.0, 0.0, 0.0, 0.0, 0)


def test_figures_of_the_last_two_seconds() -> None:
    clock = FakeClock(0.0)
    rates = Rates(clock=clock.now)
    for _ in range(100):  # long ago: slow and old
        clock.advance(0.1)
        rates.shown(result(clock.now() - 9.0, 0.9))
    for frame in range(1, 64):
        clock.advance(1 / 30)
        rates.shown(result(clock.now() - (0.2 if frame % 10 == 0 else 0.05), 0.025))
    figures = rates.figures(camera_fps=60.0, dropped=7)
    assert figures.camera_fps == 60
    assert figures.shown_fps == pytest.approx(30)
    assert figures.inference_ms == pytest.approx(25)
    assert figures.age_ms == pytest.approx(50)
    assert figures.age_p95_ms == pytest.approx(200)
    assert figures.dropped == 7
    rates.reset()
    assert rates.figures() == Figures()


def test_a_network_of_three_seconds_has_figures() -> None:
    clock = FakeClock(0.0)
    rates = Rates(clock=clock.now)
    for _ in range(5):
        clock.advance(3)
        rates.shown(result(clock.now() - 3.5, 3.0))
    figures = rates.figures()
    assert figures.shown_fps == pytest.approx(1 / 3)
    assert figures.age_ms == pytest.approx(3500)
