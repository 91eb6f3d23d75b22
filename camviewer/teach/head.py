"""The linear layer of a taught network: regularised logistic regression, calibrated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from camviewer.teach.features import Cancelled, check

STRENGTHS = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)
"""Strengths of the regularisation that are tried, strongest first."""

SCALE = 20.0
"""Of unit features, so that strengths near 0.01 are the useful ones."""

_FOLDS = 4
_UNTRIED = 0.01  # the strength where there is nothing to choose by
_STEPS = 200  # of L-BFGS at most
_TEMPERATURES = np.geomspace(0.2, 5.0, 65)
_LARGEST_WEIGHT = 10.0  # of a rare label
_NEARLY = 0.01  # nats of loss that are no difference


@dataclass(frozen=True, eq=False)
class Head:
    """A linear layer from unit features to calibrated logits.

    Attributes:
        weight: float64 ``(classes, channels)``, divided by the temperature.
        bias: float64 ``(classes,)``, likewise.
        strength: of the regularisation.
        temperature: by which logits were divided so that scores are frequencies.
        thresholds: score from which a class counts as present; None where classes exclude each
            other.
        loss: mean over the pictures, cross-validated and calibrated, in nats.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    strength: float
    temperature: float
    thresholds: tuple[float, ...] | None
    loss: float

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """``(n, classes)`` from ``(n, channels)``."""
        return features.astype(np.float64) @ self.weight.T + self.bias


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a head is fitted to.

    Attributes:
        features: float32 ``(pictures, looks, channels)``; the first look is the one that counts
            when it is tried.
        targets: float32 ``(pictures, classes)``, 0 or 1.
        groups: of each picture; no group is on both sides of a trial.
        multi_label: classes do not exclude each other.
    """

    features: NDArray[np.float32]
    targets: NDArray[np.float32]
    groups: NDArray[np.int64]
    multi_label: bool


@dataclass(frozen=True)
class Calibration:
    """What cross-validation tells.

    Attributes:
        strength: of the regularisation, the best.
        temperature: to divide logits by so that scores are frequencies.
        loss: that is left, mean over the pictures, in nats.
        thresholds: see `Head`.
    """

    strength: float
    temperature: float
    loss: float
    thresholds: tuple[float, ...] | None


Report = Callable[[float], None]


def fit(lesson: Lesson, report: Report | None = None, cancelled: Cancelled | None = None) -> Head:
    """The best head, by cross-validation over groups within the pictures that are taught.

    What is held out has no part in it, so that its figures stay honest. Deterministic.

    Args:
        lesson: the pictures that are taught.
        report: called with the share of the work that is done, up to 1.
        cancelled: asked at each step.

    Raises:
        CancelledError: if `cancelled` became true.
    """
    folds = folds_of(lesson)
    rounds = len(STRENGTHS) * len(folds) + 1
    done = 0
    trials = {s: np.zeros(lesson.targets.shape) for s in STRENGTHS}
    for fold in folds:
        start: Tensor | None = None
        for strength in STRENGTHS:
            # the solution for a stronger regularisation is a good start for the next
            start = _solve(lesson, ~fold, strength, start, cancelled)
            trials[strength][fold] = _apply(start, lesson.features[fold, 0])
            done += 1
            if report is not None:
                report(done / rounds)
    found = calibrated(trials, lesson, folds, _UNTRIED)
    everything = np.ones(len(lesson.targets), bool)
    solution = _solve(lesson, everything, found.strength, None, cancelled).numpy()
    if report is not None:
        report(1.0)
    return head_of(solution[:, :-1] * SCALE, solution[:, -1], found)


def head_of(weight: NDArray[np.float64], bias: NDArray[np.float64], found: Calibration) -> Head:
    """The head with these weights for unit features, once its logits are calibrated."""
    return Head(
        weight=weight / found.temperature,
        bias=bias / found.temperature,
        strength=found.strength,
        temperature=found.temperature,
        thresholds=found.thresholds,
        loss=found.loss,
    )


def calibrated(
    trials: dict[float, NDArray[np.float64]],
    lesson: Lesson,
    folds: Sequence[NDArray[np.bool_]],
    untried: float,
) -> Calibration:
    """The best strength, and how to read the logits.

    Args:
        trials: for each strength logits ``(pictures, classes)`` of every picture, from what was
            fitted to those of the other folds.
        lesson: the pictures.
        folds: see `folds_of`.
        untried: the strength where there are no folds.
    """
    classes = range(lesson.targets.shape[1])
    tried = np.any(folds, axis=0) if folds else np.zeros(len(lesson.targets), bool)
    if not tried.any():  # one group a class: nothing to choose by
        halves = tuple(0.5 for _ in classes) if lesson.multi_label else None
        return Calibration(untried, 1.0, float("nan"), halves)
    strength, temperature, loss = _choose(trials, lesson, tried)
    thresholds = None
    if lesson.multi_label:
        scores, truth = _sigmoid(trials[strength][tried] / temperature), lesson.targets[tried]
        thresholds = tuple(best_threshold(scores[:, c], truth[:, c] > 0) for c in classes)
    return Calibration(strength, temperature, loss, thresholds)


def best_temperature(
    logits: NDArray[np.float64],
    targets: NDArray[np.float32],
    multi_label: bool,
    least: float = float(_TEMPERATURES[0]),
) -> tuple[float, float]:
    """What to divide logits by so that scores are frequencies, and the loss that is left.

    Guo et al. 2017, On Calibration of Modern Neural Networks, section 4.2.

    Args:
        logits: ``(pictures, classes)`` of pictures that were not learnt from.
        targets: likewise, 0 or 1.
        multi_label: classes do not exclude each other.
        least: the lowest that may be found.
    """
    tried = _TEMPERATURES[least * (1 - 1e-9) <= _TEMPERATURES]
    losses = [_loss(logits / t, targets, multi_label) for t in tried]
    at = int(np.argmin(losses))
    return float(tried[at]), losses[at]


def best_threshold(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """The score in [0, 1] from which on calling a class present has the highest F1.

    Half-way to the next lower score, so that it does not hang on one picture; 0.5 where no picture
    shows the class.
    """
    if not truth.any():
        return 0.5
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + truth.sum())
    # pictures of one score are all present or all absent
    f1[:-1][ranked[:-1] == ranked[1:]] = -1
    last = int(np.argmax(f1))
    below = ranked[last + 1] if last + 1 < len(ranked) else 0.0
    middle = (ranked[last] + below) / 2
    # between neighbouring numbers there is none, and rounding would take in the lower one
    return float(middle if middle > below else ranked[last])


def folds_of(lesson: Lesson) -> list[NDArray[np.bool_]]:
    """Masks of the pictures to try on; of each class some remain to learn from."""
    dealt = np.full(int(lesson.groups.max()) + 1, -1)
    fill = np.zeros((_FOLDS, lesson.targets.shape[1]))
    members = [np.flatnonzero(lesson.groups == g) for g in range(len(dealt))]
    sums = [lesson.targets[m].sum(axis=0) for m in members]
    for group in sorted(range(len(dealt)), key=lambda g: (-len(members[g]), g)):
        if len(members[group]):
            # where there is least of what the group shows
            fold = int(np.argmin(fill @ sums[group] * 1e6 + fill.sum(axis=1)))
            dealt[group] = fold
            fill[fold] += sums[group]
    of_picture = dealt[lesson.groups]
    folds = [of_picture == fold for fold in range(_FOLDS)]
    return [fold for fold in folds if fold.any() and _learnable(lesson, ~fold)]


def _learnable(lesson: Lesson, rest: NDArray[np.bool_]) -> bool:
    shown = lesson.targets[rest].sum(axis=0)
    return bool((shown[lesson.targets.any(axis=0)] > 0).all())


def _choose(
    trials: dict[float, NDArray[np.float64]], lesson: Lesson, tried: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """The strength, temperature and loss; the weakest among those that are nearly as good.

    Temperature has taken care of weights that are too sure, and what then tells strengths apart is
    chance. Of 400 photographs, half of them held out in eight ways, 1.6 % were mistaken at a
    strength of 0.0003 and 2.6 % at 0.3.
    """
    found = {
        strength: best_temperature(logits[tried], lesson.targets[tried], lesson.multi_label)
        for strength, logits in trials.items()
    }
    least = min(loss for _, loss in found.values())
    strength = min(s for s in found if found[s][1] <= least + _NEARLY)
    return strength, *found[strength]


def _loss(logits: NDArray[np.float64], targets: NDArray[np.float32], multi_label: bool) -> float:
    if multi_label:
        each = np.logaddexp(0, logits) - logits * targets
        return float(each.sum(axis=1).mean())
    most = logits.max(axis=1, keepdims=True)
    total = most[:, 0] + np.log(np.exp(logits - most).sum(axis=1))
    return float((total - (logits * targets).sum(axis=1)).mean())


def _solve(
    lesson: Lesson,
    taught: NDArray[np.bool_],
    strength: float,
    start: Tensor | None,
    cancelled: Cancelled | None,
) -> Tensor:
    """Minimise ``mean loss + strength / 2 * |W|^2`` by L-BFGS; ``(classes, channels + 1)``.

    The last column is the bias, which is not regularised.
    """
    looks, channels = lesson.features.shape[1:]
    rows = torch.from_numpy(lesson.features[taught].reshape(-1, channels).astype(np.float64))
    rows = rows * SCALE
    truth = torch.from_numpy(lesson.targets[taught].repeat(looks, axis=0).astype(np.float64))
    # without their mean the features leave the bias alone, and few steps suffice
    centre = rows.mean(dim=0)
    rows -= centre
    rarity = rarity_of(truth) if lesson.multi_label else None
    solution = torch.zeros(truth.shape[1], channels + 1, dtype=torch.float64)
    if start is not None:
        solution.copy_(start)
        solution[:, -1] += start[:, :-1] @ centre
    solution.requires_grad_()
    optimiser = torch.optim.LBFGS(
        [solution],
        max_iter=_STEPS,
        tolerance_grad=1e-7,
        tolerance_change=1e-10,
        line_search_fn="strong_wolfe",
    )

    def objective() -> Tensor:
        check(cancelled)
        optimiser.zero_grad()
        logits = rows @ solution[:, :-1].T + solution[:, -1]
        loss = loss_of(logits, truth, rarity) + strength / 2 * solution[:, :-1].square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(objective)  # type: ignore[no-untyped-call]
    found = solution.detach()
    found[:, -1] -= found[:, :-1] @ centre
    return found


def loss_of(logits: Tensor, truth: Tensor, rarity: Tensor | None) -> Tensor:
    """The mean loss, a scalar; with a rarity classes do not exclude each other.

    Args:
        logits: ``(pictures, classes)``.
        truth: likewise, 0 or 1.
        rarity: see `rarity_of`.
    """
    if rarity is None:
        return -(F.log_softmax(logits, 1) * truth).sum(dim=1).mean()
    each = F.binary_cross_entropy_with_logits(logits, truth, pos_weight=rarity, reduction="none")
    return each.sum(dim=1).mean()


def rarity_of(truth: Tensor) -> Tensor:
    """How much more a picture counts that shows a rare label; its root, lest scores be skewed."""
    shown = truth.mean(dim=0)
    return ((1 - shown) / shown.clamp_min(1e-9)).sqrt().clamp(1, _LARGEST_WEIGHT)


def _apply(solution: Tensor, features: NDArray[np.float32]) -> NDArray[np.float64]:
    found = solution.numpy()
    return np.asarray(features.astype(np.float64) * SCALE @ found[:, :-1].T + found[:, -1])


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(-np.logaddexp(0, -logits))


def groups_of(numbers: Sequence[int]) -> NDArray[np.int64]:
    """Group numbers without gaps, from 0."""
    return np.unique(np.asarray(numbers, np.int64), return_inverse=True)[1]
