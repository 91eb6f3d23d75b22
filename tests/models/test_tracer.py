"""A network is followed while other threads run, and follow, theirs."""

import threading
from collections.abc import Callable

import torch
from torch import Tensor, nn

from camviewer.models.tracer import Tracer

PATIENCE = 20.0


class Held(nn.Module):
    """Stands still in the middle of its forward pass until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.second = nn.Linear(2, 2)
        self.begun, self.gate = threading.Event(), threading.Event()

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        self.begun.set()
        assert self.gate.wait(PATIENCE)
        return self.second(x)


class InThread:
    """Something done on a thread of its own, with its result or error."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.result: object = None

        def run() -> None:
            try:
                self.result = work()
            except Exception as error:
                self.result = error

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def end(self) -> object:
        self._thread.join(PATIENCE)
        return self.result


def modules(graph: object) -> list[str]:
    assert isinstance(graph, torch.fx.Graph), graph
    return [str(node.target) for node in graph.nodes if node.op == "call_module"]


def test_another_thread_runs_its_network_meanwhile() -> None:
    held, other = Held(), nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    expected = other(torch.ones(1, 2))
    tracing = InThread(lambda: Tracer().trace(held))
    assert held.begun.wait(PATIENCE)
    running = InThread(lambda: other(torch.ones(1, 2)))
    made = running.end()
    held.gate.set()
    assert isinstance(made, Tensor), made
    assert torch.equal(made, expected)
    assert modules(tracing.end()) == ["first", "second"]


def test_two_threads_follow_networks_one_after_the_other() -> None:
    call = nn.Module.__call__
    one, two = Held(), Held()
    tracings = [InThread(lambda: Tracer().trace(one))]
    assert one.begun.wait(PATIENCE)
    tracings.append(InThread(lambda: Tracer().trace(two)))
    assert not two.begun.wait(0.2)
    one.gate.set()
    assert modules(tracings[0].end()) == ["first", "second"]
    two.gate.set()
    assert modules(tracings[1].end()) == ["first", "second"]
    assert nn.Module.__call__ is call
