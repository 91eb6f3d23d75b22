"""Deep teaching from pictures to a taught network: honest figures, never worse, can be stopped."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods.linear import cam
from camviewer.cam.targets import ClassTarget
from camviewer.errors import CamviewerError, CancelledError
from camviewer.models import taught
from camviewer.models.classifier import Activation
from camviewer.teach.data.reading import read
from camviewer.teach.deep import Ending, Epoch, Options, Step
from camviewer.teach.deep.teaching import DeeplyTaught, teach_deeply
from camviewer.teach.teaching import Options as Fast
from camviewer.teach.teaching import Stage, teach
from tests.teach.lessons import SIZE, backbone, faint, folders, share_right, table

pytestmark = pytest.mark.long

EAGER = Options(stages=1, epochs=3, rate=1e-3, head_rate=1e-3, batch=8)
STILL = Options(stages=1, epochs=2, rate=1e-30, head_rate=1e-30, decay=0.0)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deep")


def fast(place: Path, **more: Any) -> Fast:
    return Fast(cache=place / "features.sqlite", **{"input_size": SIZE, **more})


@pytest.fixture(scope="module")
def told() -> list[tuple[Stage, float]]:
    return []


@pytest.fixture(scope="module")
def learnt(place: Path, told: list[tuple[Stage, float]]) -> DeeplyTaught:
    dataset = read(faint(place / "set"))
    return teach_deeply(
        dataset, backbone(), fast(place), EAGER, report=lambda *what: told.append(what)
    )


def test_its_layers_have_learnt(learnt: DeeplyTaught) -> None:
    assert learnt.deeper
    assert learnt.head is None
    assert learnt.classifier.labels == ("cross", "ring")
    assert learnt.classifier.name == "taught"
    losses = [epoch.held_out_loss for epoch in learnt.tuned.epochs]
    assert losses[learnt.tuned.best] < losses[0]
    assert learnt.figures.accuracy is not None
    assert learnt.figures.accuracy >= 0.75
    old, new = backbone().network.state_dict(), learnt.classifier.network.state_dict()
    changed = {n for n in old if f"trunk.{n}" in new and not torch.equal(old[n], new[f"trunk.{n}"])}
    assert changed
    assert all(name.startswith("layer4.") for name in changed)


def test_what_is_held_out_has_no_part_in_any_choice(learnt: DeeplyTaught) -> None:
    taught_ones, choosing = set(learnt.split.teaching), set(learnt.choosing)
    assert choosing < taught_ones
    assert not choosing & set(learnt.split.held_out)
    groups = learnt.split.groups
    assert not {groups[i] for i in choosing} & {groups[i] for i in taught_ones - choosing}
    shown = {label for i in choosing for label in learnt.dataset.examples[i].labels}
    assert shown == set(learnt.dataset.classes)
    assert learnt.figures.pictures == learnt.fast.pictures == len(learnt.split.held_out)


def test_every_stage_says_how_far_it_is(
    learnt: DeeplyTaught, told: list[tuple[Stage, float]]
) -> None:
    for stage in Stage:
        shares = [share for at, share in told if at is stage]
        assert shares == sorted(shares)
        assert shares[-1] == 1
        assert learnt.seconds[stage] > 0
    assert [s for s, _ in told] == sorted((s for s, _ in told), key=list(Stage).index)


def test_figures_are_those_of_the_network_in_the_file(learnt: DeeplyTaught, tmp_path: Path) -> None:
    assert share_right(learnt, tmp_path / "x.safetensors") == learnt.figures.accuracy


def test_its_map_is_exact(learnt: DeeplyTaught) -> None:
    classifier = learnt.classifier
    network: Any = classifier.network
    explainer = Explainer(network, SIZE, torch.device("cpu"), classifier.target_layer)
    picture = torch.randn(1, 3, SIZE, SIZE + 32, generator=torch.Generator().manual_seed(0))
    run = explainer.run(picture, explainer.automatic)
    maps = cam(run, [ClassTarget(0), ClassTarget(1)])
    means = maps.mean((1, 2)) + network.fc.bias
    torch.testing.assert_close(means[None], run.logits.detach(), rtol=1e-4, atol=1e-4)


def test_without_progress_it_is_what_fast_teaching_makes(place: Path, learnt: DeeplyTaught) -> None:
    made = teach_deeply(learnt.dataset, backbone(), fast(place), STILL)
    quick = teach(learnt.dataset, backbone(), fast(place))
    assert not made.deeper
    assert made.head is not None
    assert quick.head is not None
    np.testing.assert_array_equal(made.head.weight, quick.head.weight)
    assert made.figures == made.fast == quick.figures == learnt.fast


def test_from_scratch_being_as_good_suffices(place: Path, tmp_path: Path) -> None:
    """A head that began with zeros and has hardly moved is right, but in great doubt."""
    slow = replace(STILL, epochs=3, head_rate=1e-3, fresh=True)
    made = teach_deeply(read(folders(tmp_path / "set")), backbone(), fast(place), slow)
    best = made.tuned.epochs[made.tuned.best]
    assert best.balanced == 1
    assert best.held_out_loss > 0.5 * math.log(3)
    assert made.deeper


def test_several_labels_and_pictures_of_none(place: Path) -> None:
    dataset = read(table(place / "several", each=8), multi=True)
    made = teach_deeply(dataset, backbone(), fast(place), replace(EAGER, epochs=1))
    assert made.classifier.activation is Activation.SIGMOID
    assert made.classifier.thresholds is not None
    assert made.figures.accuracy is not None
    assert made.figures.accuracy >= 0.8
    assert made.figures.confusion is None


def test_thresholds_are_chosen_anew_for_several_labels(
    place: Path, learnt: DeeplyTaught, tmp_path: Path
) -> None:
    """Of those who learnt deeper; the pictures of either thing alone, as if both could be there."""
    several = replace(learnt.dataset, multi_label=True)
    made = teach_deeply(several, backbone(), fast(place), EAGER)
    assert made.deeper
    assert made.classifier.thresholds is not None
    assert all(0 < threshold < 1 for threshold in made.classifier.thresholds)
    taught.save(tmp_path / "x.safetensors", made.classifier, made.descent, {})
    assert taught.load(tmp_path / "x.safetensors").thresholds == made.classifier.thresholds


def test_the_class_of_nothing_is_known_afterwards(place: Path, tmp_path: Path) -> None:
    dataset = read(folders(tmp_path / "set", each=5))
    made = teach_deeply(dataset, backbone(), fast(place), replace(EAGER, epochs=1))
    assert made.classifier.nothing == dataset.classes.index("nothing")


def test_broken_pictures_are_left_out_and_listed(place: Path, tmp_path: Path) -> None:
    root = faint(tmp_path / "set", each=6)
    damaged = root / "ring" / "ring3.png"
    damaged.write_bytes(damaged.read_bytes()[:400])
    made = teach_deeply(read(root), backbone(), fast(place), replace(EAGER, epochs=1))
    assert [broken.path for broken in made.dataset.broken] == [damaged]
    assert len(made.dataset.examples) == 11


def test_cancelled_it_returns_the_best_so_far_and_goes_on_from_there(
    place: Path, learnt: DeeplyTaught, tmp_path: Path
) -> None:
    stop: list[Epoch] = []
    state = tmp_path / "going.part"

    def after_one(epoch: Epoch) -> None:
        if epoch.number == 1:
            stop.append(epoch)

    def run(**more: Any) -> DeeplyTaught:
        return teach_deeply(learnt.dataset, backbone(), fast(place), EAGER, state=state, **more)

    broken = run(on_epoch=after_one, cancelled=lambda: bool(stop))
    assert broken.tuned.ending is Ending.CANCELLED
    assert [epoch.number for epoch in broken.tuned.epochs] == [0, 1]
    assert broken.figures.pictures == learnt.figures.pictures
    told: list[int] = []
    rest = run(on_epoch=lambda epoch: told.append(epoch.number))
    assert told == [2, 3]
    assert rest.tuned.best == learnt.tuned.best
    pairs = zip(
        rest.classifier.network.state_dict().values(),
        learnt.classifier.network.state_dict().values(),
        strict=True,
    )
    assert all(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("stage", [Stage.LOOKING, Stage.LEARNING, Stage.TUNING])
def test_cancelled_before_it_has_learnt_anything(
    place: Path, learnt: DeeplyTaught, stage: Stage
) -> None:
    reached: list[Stage] = []
    with pytest.raises(CancelledError):
        teach_deeply(
            learnt.dataset,
            backbone(),
            fast(place),
            EAGER,
            report=lambda at, _: reached.append(at),
            cancelled=lambda: stage in reached,
        )


def test_too_few_to_choose_by_is_told(place: Path, tmp_path: Path) -> None:
    dataset = read(folders(tmp_path / "set", each=2))
    with pytest.raises(CamviewerError, match="too few different pictures to teach deeply"):
        teach_deeply(dataset, backbone(), fast(place), EAGER)


def test_steps_are_told_while_it_learns(place: Path, learnt: DeeplyTaught) -> None:
    steps: list[Step] = []
    teach_deeply(learnt.dataset, backbone(), fast(place), STILL, on_step=steps.append)
    read_ones = [step for step in steps if step.epoch == 0]
    assert len(read_ones) == len(learnt.split.teaching)
    assert {step.epoch for step in steps} == {0, 1, 2}
