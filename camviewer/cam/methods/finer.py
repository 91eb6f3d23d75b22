"""Finer-CAM: what tells a class from those that look like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from camviewer.cam.methods.gradient import grad_cam
from camviewer.cam.methods.method import Family, Method, at_once
from camviewer.cam.split import Run
from camviewer.cam.targets import Reading, Target
from camviewer.errors import MethodError

STRENGTH = 0.6
SIMILAR = 3


def finer_cam(run: Run, targets: Sequence[Target]) -> Tensor:
    """Finer-CAM (Zhang et al. 2025, section 3.2) over Grad-CAM.

    Grad-CAM of ``y^c - gamma mean_d y^d``, with ``d`` the three classes whose logits are closest to
    the class's own and ``gamma = 0.6``. A target that compares classes by itself, such as a
    contrast of two, is left as it is.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded.

    Raises:
        MethodError: if a target is no weighted sum of classes, or the scores do not depend on the
            target layer.
    """
    logits = run.logits[0].detach()
    return grad_cam(run, [_against_similar(target, logits) for target in targets])


@dataclass(frozen=True, eq=False)
class _Combination:
    """A weighted sum of logits."""

    coefficients: Mapping[int, float]
    reads: Reading = Reading.LOGITS

    def score(self, output: Tensor) -> Tensor:
        weights = output.new_tensor(list(self.coefficients.values()))
        return output[:, list(self.coefficients)] @ weights


def _against_similar(target: Target, logits: Tensor) -> Target:
    if target.coefficients is None or target.reads is not Reading.LOGITS:
        raise MethodError(
            "Finer-CAM compares a class with those most like it; what is asked here is not about "
            "classes. Use Grad-CAM."
        )
    if len(target.coefficients) != 1:
        return target
    ((index, weight),) = target.coefficients.items()
    similar = _similar(index, logits)
    share = -STRENGTH * weight / len(similar)
    return _Combination({index: weight, **dict.fromkeys(similar, share)})


def _similar(index: int, logits: Tensor) -> list[int]:
    """The classes whose logits are closest to one class's, without itself."""
    distances = (logits - logits[index]).abs()
    distances[index] = torch.inf
    closest: list[int] = distances.topk(
        min(SIMILAR, len(logits) - 1), largest=False
    ).indices.tolist()
    return closest


def _needs_two_classes(run: Run) -> str:
    if run.logits.shape[1] < 2:
        return "It compares a class with others, and this network knows only one."
    return ""


METHODS = (
    Method(
        name="finer-cam",
        title="Finer-CAM",
        family=Family.GRADIENT,
        summary="What tells the class from the three most like it: the marks of a breed, not the "
        "whole dog.",
        paper="Zhang et al. 2025, Finer-CAM: Spotting the Difference Reveals Finer Details for "
        "Visual Explanation",
        steps=at_once(finer_cam),
        obstacle=_needs_two_classes,
    ),
)
