"""Whatever people do with a file, in whatever order: what comes next is what they want."""

import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from camviewer.live.capture import Capture, Condition
from camviewer.live.slot import Slot
from tests.live.fake_clock import PATIENCE, FakeClock
from tests.live.fake_source import FakeFile, number_of

LENGTH = 8
LAST = LENGTH - 1


class Wishes(RuleBasedStateMachine):
    """Time stands still between the acts; after each, the file is left to come to rest."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.slot = FakeClock(), Slot()
        self.capture = Capture(FakeFile(LENGTH), self.slot, clock=self.clock)
        self.capture.start()
        self.clock.asleep()
        self.at = 0  # what is shown
        self.paused = self.looping = self.ended = False
        self.oldest = 1  # the epoch of the last wish

    def teardown(self) -> None:
        assert self.capture.close(PATIENCE)

    @invariant()
    def what_is_shown_is_what_is_wanted(self) -> None:
        seconds = self.clock.asleep()
        assert self.capture.position == (self.at, self.at / 10)
        assert not self.capture.seeking
        assert (seconds == math.inf) == (self.paused or self.ended)
        condition = self.capture.status.condition
        assert (condition is Condition.ENDED) == self.ended
        assert (condition is Condition.PAUSED) == self.paused
        arrival = self.slot.take(0)
        if arrival is not None:
            assert number_of(arrival.frame) == arrival.frame.number == self.at
            assert arrival.epoch >= self.oldest
            assert self.capture.fresh(arrival.epoch)

    def shows(self, number: int) -> None:
        """This frame is shown; if it is the last one, a file that plays notices that at once."""
        self.at = number
        self.ended = number == LAST and not self.paused and not self.looping

    @rule(number=st.integers(-2, LENGTH + 2))
    def seek(self, number: int) -> None:
        before = self.capture.epoch
        self.capture.seek(number)
        assert not self.capture.fresh(before)
        self.oldest = before + 1
        self.shows(min(max(number, 0), LAST))

    @rule(by=st.sampled_from([-3, -1, 1, 2, 5]))
    def step(self, by: int) -> None:
        self.capture.step(by)
        self.oldest = self.capture.epoch
        self.paused = True
        self.shows(min(max(self.at + by, 0), LAST))

    @rule()
    def pause(self) -> None:
        self.capture.paused = True
        self.paused, self.ended = True, False
        self.clock.asleep()
        self.clock.advance(100)

    @rule()
    def play(self) -> None:
        resting = self.paused or self.ended
        self.paused = False
        self.capture.paused = False
        if resting:
            self.shows(0 if self.at == LAST else self.at + 1)

    @rule()
    def tick(self) -> None:
        seconds = self.clock.asleep()
        if seconds < math.inf:
            self.clock.advance(seconds)
            # what waits after the last frame is the first one, decided when the last one was shown
            self.shows(0 if self.at == LAST else self.at + 1)

    @rule(looping=st.booleans())
    def loop(self, looping: bool) -> None:
        self.capture.looping = looping
        self.looping = looping


Wishes.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestWishes = Wishes.TestCase
