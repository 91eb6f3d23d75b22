"""CAM methods: small functions of an activation and the head above it."""

from __future__ import annotations

from collections.abc import Sequence

from camviewer.cam.methods import (
    attention,
    decomposition,
    finer,
    gradient,
    higher_order,
    linear,
    perturbation,
    whole_network,
)
from camviewer.cam.methods.method import Family, Method, Partial
from camviewer.cam.split import Run
from camviewer.cam.targets import Target
from camviewer.errors import MethodError

__all__ = ["AUTO", "METHODS", "Family", "Method", "Partial", "find_method", "require"]

AUTO = "auto"

METHODS: dict[str, Method] = {
    method.name: method
    for family in (
        linear,
        gradient,
        higher_order,
        finer,
        decomposition,
        perturbation,
        attention,
        whole_network,
    )
    for method in family.METHODS
}


def find_method(name: str, run: Run, targets: Sequence[Target] = ()) -> Method:
    """The method of this name; for ``auto`` CAM where it is exact and Grad-CAM elsewhere.

    Args:
        name: of a method, or ``auto``.
        run: what is explained.
        targets: what is asked; CAM is not exact for what is not linear, such as likeness.

    Raises:
        MethodError: if there is no such method.
    """
    if name == AUTO:
        linear_throughout = not METHODS["cam"].obstacle(run) and all(
            target.coefficients is not None for target in targets
        )
        return METHODS["cam"] if linear_throughout else METHODS["grad-cam"]
    if name not in METHODS:
        raise MethodError(f"No method {name!r}. There are: {', '.join((AUTO, *METHODS))}.")
    return METHODS[name]


def require(method: Method, run: Run) -> None:
    """Check that a method can explain this network at this layer.

    Raises:
        MethodError: if not; the message names a method that can.
    """
    obstacle = method.obstacle(run)
    if obstacle:
        able = find_method(AUTO, run).name
        raise MethodError(f"{method.title} cannot serve here. {obstacle} Use the method {able}.")
