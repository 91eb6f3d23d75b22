"""A network is followed while other threads run, and follow, theirs."""

import functools
import threading
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.feature_extraction import NodePathTracer

from camviewer.models import zoo
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


class TorchvisionsNames(Tracer):
    create_proxy = NodePathTracer.create_proxy


class Repeated(nn.Module):
    """Modules and operations whose names end in numbers, and come again."""

    def __init__(self) -> None:
        super().__init__()
        self.act = nn.ReLU()
        self.act_1 = nn.ReLU()
        self.act_1_2 = nn.Sequential(nn.ReLU(), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(3):
            x = self.act_1_2(self.act_1(self.act(x))) + x
            x = torch.relu(x) + 1
        return x.flatten(1)


@pytest.mark.parametrize(
    "make",
    [
        Repeated,
        *(
            functools.partial(zoo.skeleton, name, 10, 64)
            for name in ("resnet18", "densenet121", "googlenet", "mobilenet_v3_small", "swin_t")
        ),
    ],
)
def test_operations_are_called_as_torchvision_calls_them(make: Callable[[], nn.Module]) -> None:
    own, theirs = Tracer(), TorchvisionsNames()
    for tracer in (own, theirs):
        tracer.trace(make())
    names = list(own.node_to_qualname.values())
    assert len(names) > 10
    assert names == list(theirs.node_to_qualname.values())
