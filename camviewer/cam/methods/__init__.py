"""CAM methods: small functions of an activation and the head above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from camviewer.cam.methods.gradient import grad_cam
from camviewer.cam.methods.linear import cam
from camviewer.cam.split import Run
from camviewer.errors import MethodError

AUTO = "auto"


@dataclass(frozen=True)
class Method:
    """A CAM method as it is offered.

    Attributes:
        name: as given to ``--method``.
        title: as shown.
        summary: one line on what it does and when to choose it.
        paper: where it was published.
        maps: from a run and target classes to float ``(classes, rows, columns)``.
        needs_linear_head: only for average pooling with one linear layer on top.
    """

    name: str
    title: str
    summary: str
    paper: str
    maps: Callable[[Run, Sequence[int]], Tensor]
    needs_linear_head: bool = False

    def obstacle(self, run: Run) -> str:
        """Why it cannot explain this network at this layer; empty when it can."""
        if self.needs_linear_head and run.linear is None:
            return (
                f"{self.title} needs average pooling and one linear layer above the target layer; "
                f"above {run.layer.name!r} this network does more."
            )
        return ""

    def require(self, run: Run) -> None:
        """Check that it can explain this network at this layer.

        Raises:
            MethodError: if not; the message names a method that can.
        """
        obstacle = self.obstacle(run)
        if obstacle:
            raise MethodError(f"{obstacle} Use the method {find_method(AUTO, run).name}.")


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            name="cam",
            title="CAM",
            summary="Exact: the map's mean plus the bias is the class's logit. "
            "For networks that end in average pooling and one linear layer.",
            paper="Zhou et al. 2016, Learning Deep Features for Discriminative Localization",
            maps=cam,
            needs_linear_head=True,
        ),
        Method(
            name="grad-cam",
            title="Grad-CAM",
            summary="Any network, any layer: channels weighed by their mean gradient.",
            paper="Selvaraju et al. 2017, Grad-CAM: Visual Explanations from Deep Networks",
            maps=grad_cam,
        ),
    )
}


def find_method(name: str, run: Run) -> Method:
    """The method of this name; for ``auto`` CAM where it is exact and Grad-CAM elsewhere.

    Raises:
        MethodError: if there is no such method.
    """
    if name == AUTO:
        return METHODS["grad-cam"] if METHODS["cam"].obstacle(run) else METHODS["cam"]
    if name not in METHODS:
        raise MethodError(f"No method {name!r}. There are: {', '.join((AUTO, *METHODS))}.")
    return METHODS[name]
