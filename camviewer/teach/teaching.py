"""Fast teaching: a frozen backbone learns new classes in seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from camviewer import paths
from camviewer.errors import CamviewerError
from camviewer.models.backbone import TARGET_LAYER, TaughtNetwork
from camviewer.models.classifier import Activation, Classifier
from camviewer.models.plain import Plain
from camviewer.models.taught import Descent
from camviewer.teach import head as heads
from camviewer.teach import pointing
from camviewer.teach.cells import Cells, look
from camviewer.teach.data.dataset import Dataset, Example
from camviewer.teach.data.split import Split, split
from camviewer.teach.features import Cancelled, Extractor, Features, check, looks
from camviewer.teach.figures import Figures, measure
from camviewer.teach.foundation import Foundation, found
from camviewer.teach.head import Head
from camviewer.teach.registering import registered
from camviewer.teach.store import FeatureStore


class Stage(StrEnum):
    """What is being done, as a person reads it."""

    LOOKING = "looking at pictures"
    SORTING = "holding some out"
    LEARNING = "learning"
    TUNING = "learning more deeply"
    TRYING = "trying it out"


Report = Callable[[Stage, float], None]


@dataclass(frozen=True)
class Options:
    """What can be chosen.

    Attributes:
        layers: of the backbone, by name; none for its automatic one.
        input_size: pixels of the short side; None for a size at which maps are fine enough.
        small: the things fill little of a picture, see `foundation.found`.
        held_out: share of the pictures that are not taught but tried, above 0 and below 1.
        seed: another one holds out others.
        cut_recordings: see `split`.
        cache: where features are kept, and beside it, while small things are taught, maps.
    """

    layers: tuple[str, ...] = ()
    input_size: int | None = None
    small: bool = False
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
        head: what was learnt, and how strongly it was held back; None where the layers below it
            were taught too.
        figures: on the pictures that were held out.
        seconds: what each stage took.
        plain: what is left of it in plain torchvision; None where several layers are looked at.
    """

    classifier: Classifier
    descent: Descent
    dataset: Dataset
    split: Split
    head: Head | None
    figures: Figures
    seconds: dict[Stage, float]
    plain: Plain | None


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
    with closing(Teaching(options or Options(), report, cancelled)) as teaching:
        lesson = teaching.prepare(dataset, backbone, device)
        return teaching.finish(lesson, teaching.fit(lesson, lesson.split.teaching))


@dataclass(frozen=True, eq=False)
class Prepared:
    """Pictures that have been looked at and parted.

    Attributes:
        dataset: those that could be read.
        foundation: what they were looked at with.
        features: of them, see `Features`.
        split: which are taught and which held out.
    """

    dataset: Dataset
    foundation: Foundation
    features: Features
    split: Split


class Teaching:
    """The steps of `teach`, for what does more than these; to be closed."""

    def __init__(
        self, options: Options, report: Report | None, cancelled: Cancelled | None
    ) -> None:
        """See `teach` for the arguments."""
        self._options = options
        self._report = report
        self._cancelled = cancelled
        self._cells: Cells | None = None
        self.seconds: dict[Stage, float] = {}

    def close(self) -> None:
        """Forget what was kept of the pictures."""
        if self._cells is not None:
            self._cells.close()

    def prepare(
        self, dataset: Dataset, backbone: Classifier, device: torch.device | None
    ) -> Prepared:
        """Look at the pictures, and hold some out.

        Raises:
            CancelledError: if `cancelled` became true.
            CamviewerError: if they are too few, or nothing can be built upon the backbone.
        """
        dataset.check()
        if not 0 < self._options.held_out < 1:
            raise CamviewerError("The share to hold out is above 0 and below 1, such as 0.25.")
        chosen = self._options
        foundation = found(backbone, chosen.layers, chosen.input_size, small=chosen.small)
        check(self._cancelled)
        device = device or torch.device("cpu")
        if chosen.small:
            with self.timed(Stage.LOOKING):
                foundation = registered(foundation, dataset.examples, device, self._cancelled)
        dataset, features = self._look(dataset, foundation, device)
        return Prepared(dataset, foundation, features, self._split(dataset))

    def fit(
        self, prepared: Prepared, taught: Sequence[int], *, number: int = 0, of: int = 1
    ) -> Head:
        """The best head for some of the pictures.

        Args:
            prepared: all pictures.
            taught: which of them to learn from.
            number: of this head, from 0.
            of: how many there will be.

        Raises:
            CancelledError: if `cancelled` became true.
        """
        with self.timed(Stage.LEARNING):
            places = list(taught)
            lesson = heads.Lesson(
                prepared.features.values[places],
                prepared.dataset.targets()[places],
                heads.groups_of([prepared.split.groups[i] for i in places]),
                prepared.dataset.multi_label,
            )

            def report(share: float) -> None:
                self.tell(Stage.LEARNING, (number + share) / of)

            if self._cells is None:
                return heads.fit(lesson, report, self._cancelled)
            strongest = prepared.foundation.descent.strongest
            return pointing.fit(lesson, self._cells, places, strongest, report, self._cancelled)

    def logits(self, prepared: Prepared, head: Head, places: Sequence[int]) -> NDArray[np.float64]:
        """What the network with this head says of some pictures, ``(pictures, classes)``."""
        if self._cells is None:
            return head.logits(prepared.features.values[list(places), 0])
        return pointing.logits(head, self._cells, places, prepared.foundation.descent.strongest)

    def finish(self, prepared: Prepared, head: Head) -> Taught:
        """The network with this head, tried on what was held out."""
        dataset, sides = prepared.dataset, prepared.split
        classifier = with_head(prepared.foundation, dataset, head)
        held_out = list(sides.held_out)
        logits = self.logits(prepared, head, held_out)
        trial = Trial(classifier, [dataset.examples[i] for i in held_out], logits)
        lengths = prepared.features.lengths[:, 0]
        return Taught(
            classifier=classifier,
            descent=prepared.foundation.descent,
            dataset=dataset,
            split=sides,
            head=head,
            figures=trial.figures(),
            seconds=self.seconds,
            plain=trial.plain(head.bias, lengths[list(sides.teaching)], lengths[held_out]),
        )

    def tell(self, stage: Stage, share: float) -> None:
        """Say how far a stage is.

        Raises:
            CancelledError: if `cancelled` became true.
        """
        check(self._cancelled)
        if self._report is not None:
            self._report(stage, share)

    @contextmanager
    def timed(self, stage: Stage) -> Iterator[None]:
        """Count what is done meanwhile among a stage's seconds."""
        started = time.perf_counter()
        yield
        more = time.perf_counter() - started
        self.seconds[stage] = self.seconds.get(stage, 0.0) + more

    def _look(
        self, dataset: Dataset, foundation: Foundation, device: torch.device
    ) -> tuple[Dataset, Features]:
        with self.timed(Stage.LOOKING):
            network, preprocessing = foundation.network(1, device), foundation.preprocessing

            def progress(done: int, total: int) -> None:
                self.tell(Stage.LOOKING, done / total)

            if not foundation.descent.strongest:
                store = FeatureStore(self._options.cache)
                features = Extractor(
                    network, preprocessing, foundation.identity, store, device
                ).extract(dataset.examples, looks(preprocessing), progress, self._cancelled)
            else:
                self._cells = Cells(self._options.cache.parent)
                features = look(
                    network, preprocessing, dataset.examples, self._cells, progress, self._cancelled
                )
            dataset = dataset.without(features.broken)
            dataset.check()
            return dataset, features

    def _split(self, dataset: Dataset) -> Split:
        with self.timed(Stage.SORTING):
            return split(
                dataset,
                self._options.held_out,
                self._options.seed,
                cut_recordings=self._options.cut_recordings,
                report=lambda done, total: self.tell(Stage.SORTING, done / total),
            )


@dataclass(frozen=True, eq=False)
class Trial:
    """Pictures that were held out, and what a network says of them.

    Attributes:
        classifier: the network.
        examples: the pictures.
        logits: float64 ``(pictures, classes)``.
    """

    classifier: Classifier
    examples: Sequence[Example]
    logits: NDArray[np.float64]

    def figures(self) -> Figures:
        """How good that is."""
        return self._figures(self.logits)

    def plain(
        self,
        bias: NDArray[np.float64],
        taught: NDArray[np.float32],
        held_out: NDArray[np.float32],
    ) -> Plain | None:
        """How good it is with one length for all pictures.

        None where there are several layers, or only a map's strongest cells count: no network of
        the backbone's own kind does that.

        Args:
            bias: of the head, ``(classes,)``.
            taught: lengths of taught pictures, ``(n, layers)``.
            held_out: of those that were held out.
        """
        network = self.classifier.network
        strongest = isinstance(network, TaughtNetwork) and network.strongest
        if taught.shape[1] > 1 or strongest:
            return None
        length = float(taught.mean())
        logits = (self.logits - bias) * (held_out / length) + bias
        own, found = self.figures(), self._figures(logits)
        same = [a.predicted == b.predicted for a, b in zip(own.answers, found.answers, strict=True)]
        return Plain(length, found.accuracy, sum(same) / len(same) if same else None)

    def _figures(self, logits: NDArray[np.float64]) -> Figures:
        scores = self.classifier.scores(torch.from_numpy(logits)).numpy()
        known = self.classifier
        return measure(scores, known.thresholds, self.examples, known.labels)


def with_head(foundation: Foundation, dataset: Dataset, head: Head) -> Classifier:
    """The classifier of a data set's classes that has this head."""
    network = foundation.network(len(dataset.classes))
    network.fc.weight.data = torch.from_numpy(head.weight).float().view_as(network.fc.weight)
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
