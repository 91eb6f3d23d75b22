"""Fast teaching: a frozen backbone learns new classes in seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from camviewer import paths
from camviewer.errors import CamviewerError
from camviewer.models.backbone import TARGET_LAYER
from camviewer.models.classifier import Activation, Classifier
from camviewer.models.taught import Descent
from camviewer.teach import head as heads
from camviewer.teach.data.dataset import Dataset
from camviewer.teach.data.split import Split, split
from camviewer.teach.features import Cancelled, Extractor, check, looks
from camviewer.teach.figures import Figures, measure
from camviewer.teach.foundation import Foundation, found
from camviewer.teach.head import Head
from camviewer.teach.store import FeatureStore


class Stage(StrEnum):
    """What is being done, as a person reads it."""

    LOOKING = "looking at pictures"
    SORTING = "holding some out"
    LEARNING = "learning"


Report = Callable[[Stage, float], None]


@dataclass(frozen=True)
class Options:
    """What can be chosen.

    Attributes:
        layers: of the backbone, by name; none for its automatic one.
        input_size: pixels of the short side; None for a size at which maps are fine enough.
        held_out: share of the pictures that are not taught but tried, above 0 and below 1.
        seed: another one holds out others.
        cut_recordings: see `split`.
        cache: where features are kept.
    """

    layers: tuple[str, ...] = ()
    input_size: int | None = None
    held_out: float = 0.25
    seed: int = 0
    cut_recordings: bool = False
    cache: Path = field(default_factory=lambda: paths.cache() / "features.sqlite")


@dataclass(frozen=True, eq=False)
class Taught:
    """A network that has learnt.

    Attributes:
        classifier: ready for use.
        descent: where it comes from, as `taught.save` wants it.
        dataset: the pictures that could be read; the others are in its lists.
        split: which of them were taught and which held out.
        head: what was learnt, and how strongly it was held back.
        figures: on the pictures that were held out.
        seconds: what each stage took.
    """

    classifier: Classifier
    descent: Descent
    dataset: Dataset
    split: Split
    head: Head
    figures: Figures
    seconds: dict[Stage, float]


def teach(
    dataset: Dataset,
    backbone: Classifier,
    options: Options | None = None,
    report: Report | None = None,
    cancelled: Cancelled | None = None,
    device: torch.device | None = None,
) -> Taught:
    """Teach a network new classes from pictures of which only the names are known.

    The backbone stays as it is; its pooled features, of each picture in several sizes and mirrored,
    get a linear layer. Hence the class activation map of the new classes is exact (Zhou et al.
    2016, section 4).

    Args:
        dataset: the pictures.
        backbone: see `foundation.found`.
        options: what can be chosen.
        report: called with the stage and the share of it that is done, from 0 to 1.
        cancelled: asked between all steps, which take some 10 ms.
        device: where the backbone runs; the CPU by default.

    Raises:
        CancelledError: if `cancelled` became true.
        CamviewerError: if the pictures are too few, or nothing can be built upon the backbone.
    """
    return _Teaching(options or Options(), report, cancelled).run(dataset, backbone, device)


class _Teaching:
    def __init__(
        self, options: Options, report: Report | None, cancelled: Cancelled | None
    ) -> None:
        self._options = options
        self._report = report
        self._cancelled = cancelled
        self._seconds: dict[Stage, float] = {}

    def run(self, dataset: Dataset, backbone: Classifier, device: torch.device | None) -> Taught:
        dataset.check()
        if not 0 < self._options.held_out < 1:
            raise CamviewerError("The share to hold out is above 0 and below 1, such as 0.25.")
        foundation = found(backbone, self._options.layers, self._options.input_size)
        check(self._cancelled)
        dataset, features = self._look(dataset, foundation, device or torch.device("cpu"))
        sides = self._split(dataset)
        head = self._learn(dataset, sides, features)
        classifier = _classifier(foundation, dataset, head)
        held_out = list(sides.held_out)
        scores = classifier.scores(torch.from_numpy(head.logits(features[held_out, 0]))).numpy()
        tried = [dataset.examples[i] for i in held_out]
        return Taught(
            classifier=classifier,
            descent=foundation.descent,
            dataset=dataset,
            split=sides,
            head=head,
            figures=measure(scores, head.thresholds, tried, dataset.classes),
            seconds=self._seconds,
        )

    def _look(
        self, dataset: Dataset, foundation: Foundation, device: torch.device
    ) -> tuple[Dataset, NDArray[np.float32]]:
        started = time.perf_counter()
        extractor = Extractor(
            foundation.network(1, device),
            foundation.preprocessing,
            foundation.identity,
            FeatureStore(self._options.cache),
            device,
        )
        features = extractor.extract(
            dataset.examples,
            looks(foundation.preprocessing),
            lambda done, total: self._tell(Stage.LOOKING, done / total),
            self._cancelled,
        )
        dataset = dataset.without(features.broken)
        dataset.check()
        self._seconds[Stage.LOOKING] = time.perf_counter() - started
        return dataset, features.values

    def _split(self, dataset: Dataset) -> Split:
        started = time.perf_counter()
        sides = split(
            dataset,
            self._options.held_out,
            self._options.seed,
            cut_recordings=self._options.cut_recordings,
            report=lambda done, total: self._tell(Stage.SORTING, done / total),
        )
        self._seconds[Stage.SORTING] = time.perf_counter() - started
        return sides

    def _learn(self, dataset: Dataset, sides: Split, features: NDArray[np.float32]) -> Head:
        started = time.perf_counter()
        taught = list(sides.teaching)
        lesson = heads.Lesson(
            features[taught],
            dataset.targets()[taught],
            heads.groups_of([sides.groups[i] for i in taught]),
            dataset.multi_label,
        )
        head = heads.fit(lesson, lambda share: self._tell(Stage.LEARNING, share), self._cancelled)
        self._seconds[Stage.LEARNING] = time.perf_counter() - started
        return head

    def _tell(self, stage: Stage, share: float) -> None:
        check(self._cancelled)
        if self._report is not None:
            self._report(stage, share)


def _classifier(foundation: Foundation, dataset: Dataset, head: Head) -> Classifier:
    network = foundation.network(len(dataset.classes))
    network.fc.weight.data = torch.from_numpy(head.weight).float()
    network.fc.bias.data = torch.from_numpy(head.bias).float()
    nothing = dataset.nothing
    return Classifier(
        name="taught",
        network=network,
        labels=dataset.classes,
        preprocessing=foundation.preprocessing,
        activation=Activation.SIGMOID if dataset.multi_label else Activation.SOFTMAX,
        weights="not saved yet",
        thresholds=head.thresholds,
        target_layer=TARGET_LAYER,
        nothing=None if nothing is None else dataset.classes.index(nothing),
    )
