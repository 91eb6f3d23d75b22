"""Deep teaching from pictures to a taught network: first the head, then what lies below it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from camviewer.errors import CamviewerError
from camviewer.media import images
from camviewer.models.backbone import TaughtNetwork
from camviewer.models.classifier import Classifier
from camviewer.teach import head as heads
from camviewer.teach import teaching
from camviewer.teach.data.dataset import Dataset
from camviewer.teach.data.split import Split, split
from camviewer.teach.deep.adapting import adapt
from camviewer.teach.deep.comparing import LEAST_TEMPERATURE, Comparison, compare
from camviewer.teach.deep.interruption import Cancelled
from camviewer.teach.deep.options import Options
from camviewer.teach.deep.told import Ending, Epoch, Step, Tuned
from camviewer.teach.deep.tuning import fine_tune
from camviewer.teach.figures import Figures
from camviewer.teach.teaching import Prepared, Report, Stage, Taught, Teaching, Trial
from camviewer.types import Fit

CHOOSING = 0.2
"""Share of the taught pictures by which the best epoch is chosen instead of being learnt from."""


@dataclass(frozen=True, eq=False)
class DeeplyTaught(Taught):
    """A network whose layers have learnt, or that of fast teaching where this was no worse.

    Attributes:
        fast: figures of what fast teaching made of the same pictures, on the same held-out ones.
        tuned: what happened from epoch to epoch; its figures are those of `choosing`.
        choosing: indices of the examples by which the best epoch was chosen, some of
            ``split.teaching``: the held-out ones have no part in any choice.
        compared: what both say of those pictures; None where it was cancelled before.
        deeper: whether layers below the head have changed; else that was not worth it by them.
    """

    fast: Figures
    tuned: Tuned
    choosing: tuple[int, ...]
    compared: Comparison | None
    deeper: bool


def teach_deeply(
    dataset: Dataset,
    backbone: Classifier,
    options: teaching.Options | None = None,
    deep: Options | None = None,
    *,
    report: Report | None = None,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    on_step: Callable[[Step], None] = lambda _: None,
    cancelled: Cancelled = lambda: False,
    device: torch.device | None = None,
    state: Path | None = None,
) -> DeeplyTaught:
    """Teach a network new classes, and its own layers with them.

    Fast teaching comes first; from what it learnt the layers go on. A part of the taught pictures
    is put aside, near-duplicates together, to choose the best epoch by, so that the figures on the
    held-out ones stay honest. Where no epoch is clearly better than fast teaching,
    its network is returned. For small things all layers learn first, with a new last layer, and
    fast teaching builds upon what they became: see `adapting`; cancelled, it is fast teaching's
    network that is returned.

    Args:
        dataset: the pictures.
        backbone: see `foundation.found`; left as it is.
        options: of fast teaching, and of what is held out.
        deep: how deep, how long and how fast.
        report: called with the stage and the share of it that is done, from 0 to 1.
        on_epoch: told before the first epoch and after each, see `fine_tune`.
        on_step: told after each batch.
        cancelled: asked at every layer. Before the first epoch `CancelledError` is raised; later
            the best network so far is returned, after it was tried out.
        device: where to compute; the CPU by default.
        state: a file that is written after each epoch; if it is there, teaching goes on from it.

    Raises:
        CancelledError: if it was cancelled before anything was learnt.
        CamviewerError: if the pictures are too few, nothing can be built upon the backbone, the
            state belongs to another teaching, or the memory does not suffice.
    """
    options, chosen = options or teaching.Options(), deep or Options()
    where = device or torch.device("cpu")
    with closing(Teaching(options, report, cancelled)) as steps:
        prepared = steps.prepare(dataset, backbone, where)
        parts = _parted(prepared, options)
        fast = steps.finish(prepared, steps.fit(prepared, prepared.split.teaching, of=2))
        # what the head learns from must not be chosen by
        start = steps.fit(prepared, parts.teaching, number=1, of=2)
        before = steps.logits(prepared, start, parts.held_out)
    tune = partial(
        fine_tune,
        device=str(where),
        on_epoch=on_epoch,
        on_step=_telling(report, on_step, chosen.epochs),
        cancelled=cancelled,
        state=state,
    )
    if options.small:
        with steps.timed(Stage.TUNING):
            adapted = adapt(backbone, prepared.dataset, parts, chosen, tune)
        made = _with_fast(fast, prepared, steps, adapted.tuned, parts)
        if adapted.tuned.ending is Ending.CANCELLED:
            return made
        with steps.timed(Stage.TRYING):
            return _opened_again(
                made, adapted.backbone, parts, before, options, where, report, cancelled
            )
    begun = _begun(start, fresh=chosen.fresh)
    network = teaching.with_head(prepared.foundation, prepared.dataset, begun)
    with steps.timed(Stage.TUNING):
        tuned = tune(network, prepared.dataset, parts, chosen)
    made = _with_fast(fast, prepared, steps, tuned, parts)
    places = list(parts.held_out)
    paths = [prepared.dataset.examples[i].path for i in places]
    after, _ = _answers(tuned.classifier, paths, where, lambda _: None)
    compared = _compared(before, after, prepared, places)
    made = replace(made, compared=compared)
    # nobody teaches from scratch to keep a network that has learnt nothing but its last layer
    if not (compared.as_good if chosen.fresh else compared.clearly_better):
        return made
    with steps.timed(Stage.TRYING):
        return _tried(replace(made, deeper=True), where, report)


def _with_fast(
    fast: Taught, prepared: Prepared, steps: Teaching, tuned: Tuned, parts: Split
) -> DeeplyTaught:
    """What is kept if going deeper brought nothing."""
    return DeeplyTaught(
        classifier=fast.classifier,
        descent=fast.descent,
        dataset=replace(prepared.dataset, broken=prepared.dataset.broken + tuned.broken),
        split=fast.split,
        head=fast.head,
        figures=fast.figures,
        seconds=steps.seconds,
        plain=fast.plain,
        fast=fast.figures,
        tuned=tuned,
        choosing=parts.held_out,
        compared=None,
        deeper=False,
    )


def _opened_again(
    made: DeeplyTaught,
    backbone: Classifier,
    parts: Split,
    before: NDArray[np.float64],
    options: teaching.Options,
    device: torch.device,
    report: Report | None,
    cancelled: Cancelled,
) -> DeeplyTaught:
    """Look for the small things in a backbone that has learnt; what was made, if that is no better.

    The pictures to choose by are learnt from in the end, as they are by fast teaching; so it need
    not be clearly better by them.
    """

    def tell(stage: Stage, share: float) -> None:
        if report is not None and stage in (Stage.LOOKING, Stage.LEARNING):
            report(Stage.TRYING, (share + (stage is Stage.LEARNING)) / 2)

    with closing(Teaching(options, tell, cancelled)) as steps:
        prepared = replace(steps.prepare(made.dataset, backbone, device), split=made.split)
        if len(prepared.dataset.examples) != len(made.dataset.examples):
            return made  # somebody removes the pictures: those that are left have other numbers
        start = steps.fit(prepared, parts.teaching, of=2)
        after = steps.logits(prepared, start, parts.held_out)
        compared = _compared(before, after, prepared, parts.held_out)
        made = replace(made, compared=compared)
        if not compared.better:
            return made
        head = steps.fit(prepared, prepared.split.teaching, number=1, of=2)
        learnt = steps.finish(prepared, head)
    return replace(
        made,
        classifier=learnt.classifier,
        head=None,
        figures=learnt.figures,
        plain=None,
        tuned=replace(made.tuned, classifier=learnt.classifier),
        deeper=True,
    )


def _parted(prepared: Prepared, options: teaching.Options) -> Split:
    """The pictures to learn from, and those to choose by; what is held out is on neither side."""
    sides = prepared.split
    parts = split(
        prepared.dataset.subset(sides.teaching),
        CHOOSING,
        options.seed,
        groups=[sides.groups[i] for i in sides.teaching],
        cut_recordings=options.cut_recordings,
    )
    if not parts.held_out:
        raise CamviewerError(
            "There are too few different pictures to teach deeply: besides those to learn from and "
            "to hold out, some are needed to see when to stop. Add some to each class, or record "
            "it again, or teach without going deeper."
        )
    places = sides.teaching
    return Split(
        tuple(places[i] for i in parts.teaching),
        tuple(places[i] for i in parts.held_out),
        sides.groups,
    )


def _compared(
    fast: NDArray[np.float64], deep: NDArray[np.float64], prepared: Prepared, places: Sequence[int]
) -> Comparison:
    dataset = prepared.dataset
    targets = dataset.targets()[list(places)]
    return compare(fast, deep, targets, multi_label=dataset.multi_label)


def _begun(head: heads.Head, *, fresh: bool) -> heads.Head:
    """A head as deep teaching begins with it: zeros, or what fast teaching found.

    Where fast teaching is always right, calibration has multiplied its logits up to five times.
    The loss of the taught pictures is nothing then, and steps that go by the signs of a gradient
    of nothing are noise; so the logits are taken as they were before.
    """
    factor = 0.0 if fresh else min(1.0, head.temperature)
    return replace(head, weight=head.weight * factor, bias=head.bias * factor)


def _telling(
    report: Report | None, on_step: Callable[[Step], None], epochs: int
) -> Callable[[Step], None]:
    def tell(step: Step) -> None:
        if report is not None:
            share = (step.epoch - 1 + step.done / step.of) / epochs if step.epoch else 0.0
            report(Stage.TUNING, share)
        on_step(step)

    return tell


def _tried(made: DeeplyTaught, device: torch.device, report: Report | None) -> DeeplyTaught:
    """Calibrate the tuned network by the pictures to choose by, and try it on the held-out ones."""
    dataset, several = made.dataset, made.dataset.multi_label
    places = [*made.choosing, *made.split.held_out]
    logits, lengths = _answers(
        made.tuned.classifier,
        [dataset.examples[i].path for i in places],
        device,
        lambda done: report and report(Stage.TRYING, done / len(places)),
    )
    count = len(made.choosing)
    truth = dataset.targets()[list(made.choosing)]
    temperature, _ = heads.best_temperature(logits[:count], truth, several, LEAST_TEMPERATURE)
    logits /= temperature
    thresholds = None
    if several:
        scores = made.tuned.classifier.scores(torch.from_numpy(logits[:count])).numpy()
        thresholds = tuple(
            heads.best_threshold(scores[:, c], truth[:, c] > 0) for c in range(truth.shape[1])
        )
    network = _network(made.tuned.classifier)
    network.fc.weight.data /= temperature
    network.fc.bias.data /= temperature
    classifier = replace(made.classifier, network=network, thresholds=thresholds)
    examples = [dataset.examples[i] for i in made.split.held_out]
    trial = Trial(classifier, examples, logits[count:])
    return replace(
        made,
        classifier=classifier,
        head=None,
        figures=trial.figures(),
        plain=trial.plain(network.fc.bias.double().numpy(), lengths[:count], lengths[count:]),
        tuned=replace(made.tuned, classifier=classifier),
    )


def _network(classifier: Classifier) -> TaughtNetwork:
    assert isinstance(classifier.network, TaughtNetwork)  # noqa: S101  as `with_head` makes it
    return classifier.network


def _answers(
    classifier: Classifier,
    paths: Sequence[Path],
    device: torch.device,
    tell: Callable[[int], object],
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """What a network says of pictures when it is used: logits, and its maps' lengths."""
    network = copy.deepcopy(_network(classifier)).to(device)
    expected = classifier.preprocessing
    rows, lengths = [], []
    for done, path in enumerate(paths):
        tell(done)
        frame = images.load(path, least=expected.input_size)
        lies = expected.geometry(frame.size, Fit.WHOLE)
        with torch.inference_mode():
            answer, length = network.answered(expected.tensor(frame, lies).to(device))
        rows.append(answer[0].double().cpu().numpy())
        lengths.append(length[0].float().cpu().numpy())
    tell(len(paths))
    return np.stack(rows), np.stack(lengths)
