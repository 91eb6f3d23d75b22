"""What a CAM method is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from torch import Tensor

from camviewer.cam.split import Run
from camviewer.cam.targets import Target


class Family(StrEnum):
    """How a method finds out what matters."""

    LINEAR = "Linear"
    GRADIENT = "Gradient"
    DECOMPOSITION = "Decomposition"
    PERTURBATION = "Perturbation"
    ATTENTION = "Attention"
    WHOLE_NETWORK = "Whole network"


@dataclass(frozen=True, eq=False)
class Partial:
    """Maps as far as they are known.

    Attributes:
        maps: float ``(targets, rows, columns)``; the number of cells may grow from step to step.
        done: share of the work that is done, in (0, 1]; 1 for the last.
    """

    maps: Tensor
    done: float


Steps = Callable[[Run, Sequence[Target]], Iterator[Partial]]
Maps = Callable[[Run, Sequence[Target]], Tensor]


@dataclass(frozen=True)
class Method:
    """A CAM method as it is offered.

    Attributes:
        name: as given to ``--method``.
        title: as shown.
        family: how it finds out what matters.
        summary: one line on what it does and when to choose it.
        paper: where it was published.
        steps: from a run and targets to maps, ever better ones where the method takes long.
        obstacle: why it cannot explain this network at this layer; empty when it can.
        slow: it runs the network many times, so that progress is worth showing.
        layered: it looks at the target layer; others look at the whole network.
    """

    name: str
    title: str
    family: Family
    summary: str
    paper: str
    steps: Steps
    obstacle: Callable[[Run], str]
    slow: bool = False
    layered: bool = True

    def maps(self, run: Run, targets: Sequence[Target]) -> Tensor:
        """The final maps, float ``(len(targets), rows, columns)``, unbounded.

        Raises:
            MethodError: if the method cannot explain this network at this layer.
        """
        for partial in self.steps(run, targets):
            last = partial.maps
        return last


def at_once(maps: Maps) -> Steps:
    """A method that knows its maps in one step."""

    def steps(run: Run, targets: Sequence[Target]) -> Iterator[Partial]:
        yield Partial(maps(run, targets), 1.0)

    return steps


def serves_all(_run: Run) -> str:
    """No obstacle anywhere."""
    return ""


def needs_linear_head(run: Run) -> str:
    """An obstacle unless average pooling and one linear layer follow."""
    if run.linear is None:
        return (
            "It needs average pooling and one linear layer above the target layer; above "
            f"{run.layer.name!r} this network does more."
        )
    return ""
