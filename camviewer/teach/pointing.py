"""Heads for small things: logistic regression on the strongest cells of each class's own map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from camviewer.errors import CamviewerError
from camviewer.models.pooling import StrongestCells, strongest_of
from camviewer.teach import head as heads
from camviewer.teach.cells import Cells, class_maps, weighted
from camviewer.teach.features import Cancelled, check
from camviewer.teach.head import SCALE, Head, Lesson, Report

STRENGTHS = (0.01, 0.003, 0.001)
"""Strengths of the regularisation that are tried, strongest first."""

_UNTRIED = 0.003  # the strength where there is nothing to choose by
_ROUNDS = 8
_TRIAL_ROUNDS = 4
_FIRST_STEPS, _STEPS = 60, 30  # of L-BFGS, from the means of all cells and in each round
_AT_ONCE = 2**26  # numbers held at once: 256 MB
_MOST = 2**29


def fit(
    lesson: Lesson,
    cells: Cells,
    places: Sequence[int],
    strongest: Sequence[float],
    report: Report | None = None,
    cancelled: Cancelled | None = None,
) -> Head:
    """The best head whose logits are means of the strongest cells of the class's map, plus a bias.

    Multiple instance learning in rounds (Andrews et al. 2003, Support Vector Machines for
    Multiple-Instance Learning, section 4, with the logistic loss): from the head of the means of
    all cells on, the strongest cells of each picture and class are chosen by the weights, and the
    weights fitted to the means of those cells. For a class that is in the picture the newest choice
    counts. For one that is not, every choice so far does, and the highest of their logits: a mean
    of the strongest cells, or of several such means, is the maximum over all choices, hence convex
    in the weights, and each choice is a plane below it (Felzenszwalb et al. 2010, Object Detection
    with Discriminatively Trained Part-Based Models, section 5; Kelley 1960, The Cutting-Plane
    Method). So what is found does not turn over from round to round. Strength, temperature and
    thresholds are chosen as in `head.fit`, by cross-validation with half the rounds. Deterministic.

    Args:
        lesson: the pictures that are taught; of their looks the first counts.
        cells: the maps of these pictures and others.
        places: which are those of the lesson's, in its order.
        strongest: shares of the cells that count, see `StrongestCells`; not empty.
        report: called with the share of the work that is done, up to 1.
        cancelled: asked at each picture and step.

    Raises:
        CancelledError: if `cancelled` became true.
        CamviewerError: if there are too many pictures and classes.
    """
    pictures, classes = lesson.targets.shape
    each = pictures * classes * lesson.features.shape[2]
    if each > _MOST:
        raise CamviewerError(
            f"{classes} classes in {pictures} pictures are too many to look for small things in. "
            "Teach fewer at a time, or do not look for small things."
        )
    folds = heads.folds_of(lesson)
    tried = [(s, fold) for s in STRENGTHS for fold in folds]
    at_once = max(_AT_ONCE // (each * _TRIAL_ROUNDS), 1)
    batches = [tried[i : i + at_once] for i in range(0, len(tried), at_once)]
    passes = len(batches) * (_TRIAL_ROUNDS + 1) + _ROUNDS
    choices = min(max(_MOST // each, 1), _ROUNDS)
    rounds = _Rounds(cells, places, strongest, passes, choices, report, cancelled)
    trials = {s: np.zeros((pictures, classes)) for s in STRENGTHS}
    for some in batches:
        # made as they are needed, for they remember choices
        batch = [_Problem.of(lesson, ~fold, strength) for strength, fold in some]
        rounds.solve(batch, _TRIAL_ROUNDS)
        for problem, own in zip(batch, rounds.pooled(batch), strict=True):
            fold = ~problem.taught
            trials[problem.strength][fold] = problem.logits(own).double().numpy()[fold]
    found = heads.calibrated(trials, lesson, folds, _UNTRIED)
    last = _Problem.of(lesson, np.ones(pictures, bool), found.strength)
    rounds.solve([last], _ROUNDS)
    if report is not None:
        report(1.0)
    weight, bias = last.weight * SCALE, last.bias - SCALE * last.weight @ last.centre
    return heads.head_of(weight.double().numpy(), bias.double().numpy(), found)


def logits(
    head: Head, cells: Cells, places: Sequence[int], strongest: Sequence[float]
) -> NDArray[np.float64]:
    """What a head says of some pictures, ``(pictures, classes)``."""
    weight, pool = torch.from_numpy(head.weight).float(), StrongestCells(strongest)
    rows = [pool(class_maps(cells[place], weight)[None])[0] for place in places]
    found = torch.stack(rows) if rows else torch.zeros(0, len(weight))
    return found.double().numpy() + head.bias


def _chosen(maps: Tensor, strongest: Sequence[float]) -> Tensor:
    """Weights that pool each map's cells as `StrongestCells` does, of the same shape."""
    values = maps.flatten(1)
    counts = [strongest_of(values.shape[1], share) for share in strongest]
    by_rank = values.new_zeros(counts[-1])
    for count in counts:
        by_rank[:count] += 1 / (count * len(counts))
    places = values.topk(len(by_rank), 1).indices
    chosen = torch.zeros_like(values).scatter_(1, places, by_rank.expand(places.shape))
    return chosen.view_as(maps)


@dataclass(eq=False)
class _Problem:
    """A head on its way.

    Attributes:
        taught: which pictures it is fitted to.
        strength: of the regularisation.
        means: of all cells, ``(pictures, channels)``.
        targets: ``(pictures, classes)``.
        centre: without it the features leave the bias alone, and few steps suffice.
        rarity: see `heads.rarity_of`.
        weight: ``(classes, channels)`` of scaled features.
        bias: ``(classes,)`` of centred ones.
        choices: means of the cells that were chosen, ``(classes, choices, pictures taught,
            channels)``, the newest last.
    """

    taught: NDArray[np.bool_]
    strength: float
    means: Tensor
    targets: Tensor
    centre: Tensor
    rarity: Tensor | None
    weight: Tensor
    bias: Tensor
    choices: Tensor

    @classmethod
    def of(cls, lesson: Lesson, taught: NDArray[np.bool_], strength: float) -> _Problem:
        means, targets = torch.from_numpy(lesson.features[:, 0]), torch.from_numpy(lesson.targets)
        truth = targets[torch.from_numpy(taught)]
        return cls(
            taught=taught,
            strength=strength,
            means=means,
            targets=targets,
            centre=means[torch.from_numpy(taught)].mean(0),
            rarity=heads.rarity_of(truth) if lesson.multi_label else None,
            weight=torch.zeros(targets.shape[1], means.shape[1]),
            bias=torch.zeros(targets.shape[1]),
            choices=torch.zeros(targets.shape[1], 0, len(truth), means.shape[1]),
        )

    def logits(self, features: Tensor) -> Tensor:
        """From ``(pictures, classes, channels)``."""
        sums = (features * self.weight).sum(2)
        return SCALE * (sums - self.weight @ self.centre) + self.bias

    def begin(self, cancelled: Cancelled | None) -> None:
        """Fit to the means of all cells."""
        rows = self.means[torch.from_numpy(self.taught)] - self.centre

        def logits(weight: Tensor, bias: Tensor) -> Tensor:
            return SCALE * rows @ weight.T + bias

        self._minimise(logits, _FIRST_STEPS, cancelled)

    def improve(self, features: Tensor, most: int, cancelled: Cancelled | None) -> None:
        """Fit to one more choice of cells.

        Args:
            features: ``(pictures, classes, channels)``.
            most: choices that are remembered.
            cancelled: asked at each step.
        """
        mask = torch.from_numpy(self.taught)
        newest = features[mask].movedim(1, 0)[:, None]
        self.choices = torch.cat([self.choices, newest], 1)[:, -most:]
        classes, choices, pictures, _ = self.choices.shape
        rows = self.choices.flatten(1, 2)
        shown = self.targets[mask] > 0

        def logits(weight: Tensor, bias: Tensor) -> Tensor:
            sums = torch.bmm(rows, weight[:, :, None]).view(classes, choices, pictures)
            counted = torch.where(shown, sums[:, -1].T, sums.amax(1).T)
            return SCALE * (counted - weight @ self.centre) + bias

        self._minimise(logits, _STEPS, cancelled)

    def _minimise(
        self,
        logits: Callable[[Tensor, Tensor], Tensor],
        steps: int,
        cancelled: Cancelled | None,
    ) -> None:
        """``mean loss + strength / 2 * |W|^2`` of the pictures taught, by L-BFGS."""
        truth = self.targets[torch.from_numpy(self.taught)]
        weight, bias = self.weight.clone().requires_grad_(), self.bias.clone().requires_grad_()
        optimiser = torch.optim.LBFGS([weight, bias], max_iter=steps, line_search_fn="strong_wolfe")

        def objective() -> Tensor:
            check(cancelled)
            optimiser.zero_grad()
            loss = heads.loss_of(logits(weight, bias), truth, self.rarity)
            loss = loss + self.strength / 2 * weight.square().sum()
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        optimiser.step(objective)  # type: ignore[no-untyped-call]
        self.weight, self.bias = weight.detach(), bias.detach()


@dataclass(eq=False)
class _Rounds:
    """Goes through the pictures again and again, for several problems at once.

    Attributes:
        cells, places, strongest, report, cancelled: see `fit`.
        passes: how often it will.
        choices: of cells that are remembered.
        done: pictures, of all passes.
    """

    cells: Cells
    places: Sequence[int]
    strongest: Sequence[float]
    passes: int
    choices: int
    report: Report | None
    cancelled: Cancelled | None
    done: int = 0

    def solve(self, problems: Sequence[_Problem], rounds: int) -> None:
        """Begin with the means of all cells, and go on with those that are strongest."""
        for problem in problems:
            problem.begin(self.cancelled)
        for _ in range(rounds):
            for problem, own in zip(problems, self.pooled(problems), strict=True):
                problem.improve(own, self.choices, self.cancelled)

    def pooled(self, problems: Sequence[_Problem]) -> Tensor:
        """Of the cells that are strongest, ``(problems, pictures, classes, channels)``."""
        weight = torch.cat([problem.weight for problem in problems])
        classes = len(weight) // len(problems)
        found = torch.empty(len(problems), len(self.places), classes, weight.shape[1])
        for row, place in enumerate(self.places):
            check(self.cancelled)
            maps = self.cells[place]
            chosen = _chosen(class_maps(maps, weight), self.strongest)
            found[:, row] = weighted(maps, chosen).view(len(problems), classes, -1)
            self.done += 1
            if self.report is not None:
                self.report(self.done / (self.passes * len(self.places)))
        return found
