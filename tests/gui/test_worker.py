"""One lane: one job in work, one waiting, generations, threads that end."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import torch
from pytestqt.qtbot import QtBot
from torch import Tensor, nn

from camviewer.errors import CancelledError
from camviewer.gui.interrupt import interruptible
from camviewer.gui.worker import Job, Lane, Ticket, join
from tests.gui.fakes import PATIENCE


@pytest.fixture
def lane(qtbot: QtBot) -> Iterator[Lane]:
    made = Lane("test")
    yield made
    assert join([made])


def held(gate: threading.Event, ran: list[str], name: str) -> Job:
    """A job that notes that it began, and ends when the gate opens."""

    def job(_: Ticket) -> str:
        ran.append(name)
        assert gate.wait(PATIENCE)
        return name

    return job


def test_newest_replaces_the_waiting(lane: Lane, qtbot: QtBot) -> None:
    gate, ran, done = threading.Event(), [], []
    lane.done.connect(done.append)
    generations = [lane.submit(held(gate, ran, "first"))]
    qtbot.waitUntil(lambda: ran == ["first"])
    generations += [lane.submit(held(gate, ran, name)) for name in ("second", "third", "last")]
    with qtbot.waitSignal(lane.done):
        gate.set()
    assert ran == ["first", "last"]
    assert done == ["last"]
    assert generations == sorted(set(generations))
    assert lane.generation == generations[-1]


def test_replaced_job_is_asked_to_stop(lane: Lane, qtbot: QtBot) -> None:
    stopped, began = threading.Event(), threading.Event()

    def patient(ticket: Ticket) -> None:
        began.set()
        while not ticket.cancelled():
            stopped.wait(0.005)
        stopped.set()

    lane.submit(patient)
    qtbot.waitUntil(began.is_set)
    with qtbot.waitSignal(lane.done) as done:
        lane.submit(lambda _: "next")
    assert stopped.is_set()
    assert done.args == ["next"]


def test_cancelled_job_is_never_heard_of_again(lane: Lane, qtbot: QtBot) -> None:
    gate, ran, heard = threading.Event(), [], []
    lane.done.connect(heard.append)
    lane.failed.connect(heard.append)
    lane.submit(held(gate, ran, "cancelled"))
    qtbot.waitUntil(lambda: ran == ["cancelled"])
    lane.cancel()
    assert not lane.busy
    with qtbot.waitSignal(lane.done):
        lane.submit(lambda _: "next")
        gate.set()
    assert heard == ["next"]


def test_exception_arrives_and_the_lane_lives_on(lane: Lane, qtbot: QtBot) -> None:
    def broken(_: Ticket) -> None:
        raise SystemExit(3)

    with qtbot.waitSignal(lane.failed) as failed:
        lane.submit(broken)
    assert isinstance(failed.args[0], SystemExit)
    with qtbot.waitSignal(lane.done) as done:
        lane.submit(lambda _: 42)
    assert done.args == [42]


def test_busy_only_while_something_matters(lane: Lane, qtbot: QtBot) -> None:
    changes: list[bool] = []
    lane.busy_changed.connect(changes.append)
    gate, ran = threading.Event(), []
    lane.submit(held(gate, ran, "one"))
    lane.submit(held(gate, ran, "two"))
    assert changes == [True]
    with qtbot.waitSignal(lane.busy_changed):
        gate.set()
    assert changes == [True, False]


@pytest.mark.parametrize("total", [10_000, 0])
def test_progress_is_throttled_but_its_end_is_told(lane: Lane, qtbot: QtBot, total: int) -> None:
    reports: list[tuple[int, int]] = []
    lane.progress.connect(lambda done, total: reports.append((done, total)))

    def job(ticket: Ticket) -> None:
        for done in range(10_001):
            ticket.progress(done, total)

    with qtbot.waitSignal(lane.done):
        lane.submit(job)
    assert reports[0] == (0, total)
    assert total == 0 or reports[-1] == (10_000, 10_000)
    assert len(reports) < 1_000


def test_progress_of_an_outdated_job_is_dropped(lane: Lane, qtbot: QtBot) -> None:
    reports: list[int] = []
    lane.progress.connect(lambda done, _: reports.append(done))
    began, gate = threading.Event(), threading.Event()

    def outdated(ticket: Ticket) -> None:
        began.set()
        assert gate.wait(PATIENCE)
        ticket.progress(7, 7)

    lane.submit(outdated)
    qtbot.waitUntil(began.is_set)
    with qtbot.waitSignal(lane.done):
        lane.submit(lambda ticket: ticket.progress(1, 1))
        gate.set()
    assert reports == [1]


def test_the_first_partial_result_is_told_and_not_all_that_follow(lane: Lane, qtbot: QtBot) -> None:
    told: list[int] = []
    lane.told.connect(told.append)

    def job(ticket: Ticket) -> None:
        for step in range(10_000):
            ticket.tell(step)

    with qtbot.waitSignal(lane.done):
        lane.submit(job)
    assert told[0] == 0
    assert len(told) < 100


def test_a_partial_result_of_an_outdated_job_is_dropped(lane: Lane, qtbot: QtBot) -> None:
    told: list[str] = []
    lane.told.connect(told.append)
    began, gate = threading.Event(), threading.Event()

    def outdated(ticket: Ticket) -> None:
        began.set()
        assert gate.wait(PATIENCE)
        ticket.tell("old")

    lane.submit(outdated)
    qtbot.waitUntil(began.is_set)
    with qtbot.waitSignal(lane.done):
        lane.submit(lambda ticket: ticket.tell("new"))
        gate.set()
    assert told == ["new"]


def test_nothing_runs_after_the_end(qtbot: QtBot) -> None:
    lane = Lane("test")
    assert join([lane])
    lane.submit(lambda _: pytest.fail("ran"))
    assert not lane.busy
    assert join([lane])


def test_network_stops_before_its_next_layer(lane: Lane, qtbot: QtBot) -> None:
    class Slow(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            began.set()
            assert gate.wait(PATIENCE)
            return x

    class Later(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            reached.append(True)
            return x

    began, gate, reached = threading.Event(), threading.Event(), []
    errors: list[BaseException] = []
    network = nn.Sequential(Slow(), Later())

    def infer(ticket: Ticket) -> Tensor:
        with interruptible(ticket.cancelled):
            try:
                return network(torch.zeros(1))
            except CancelledError as error:
                errors.append(error)
                raise

    lane.submit(infer)
    qtbot.waitUntil(began.is_set)
    # another thread's networks are none of its business
    with qtbot.waitSignal(lane.done):
        lane.submit(lambda _: nn.Identity()(torch.ones(1)))
        nn.Identity()(torch.ones(1))
        gate.set()
    assert reached == []
    assert len(errors) == 1
    network(torch.zeros(1))
    assert reached == [True]


_STUCK = """
import threading
from PySide6.QtCore import QCoreApplication
from camviewer.gui.worker import Lane, join
app = QCoreApplication([])
lane = Lane("stuck")
began = threading.Event()
def hang(_):
    began.set()
    threading.Event().wait()
lane.submit(hang)
while not began.wait(0.01):
    app.processEvents()
print(join([lane], 100))
"""


def test_process_with_a_stuck_thread_still_ends_quietly() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _STUCK], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stdout.split() == ["False"]
    assert ended.returncode == 0
    assert "Destroyed" not in ended.stderr
