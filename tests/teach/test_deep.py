"""Deep teaching: learns, keeps the best, can be stopped and gone on with, says what went wrong."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from camviewer.errors import CamviewerError, CancelledError, ModelError
from camviewer.models.classifier import Activation, Classifier
from camviewer.teach.data.dataset import Dataset, Example
from camviewer.teach.data.split import Split
from camviewer.teach.deep import Ending, Epoch, Options, Step, Tuned, fine_tune, fresh_head
from camviewer.teach.deep.options import from_scratch
from tests.teach.things import CLASSES, draw, small, thing

QUICK = from_scratch(epochs=5, rate=5e-3, head_rate=5e-3, batch=8)

Task = tuple[Dataset, Split]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return draw(tmp_path_factory.mktemp("things"), 16, 32, 6)


def teach(task: Task, options: Options = QUICK, **more: object) -> Tuned:
    return fine_tune(small(), *task, options, device="cpu", **more)  # type: ignore[arg-type]


def numbers(classifier: Classifier) -> dict[str, torch.Tensor]:
    return classifier.network.state_dict()


def same(one: Classifier, other: Classifier) -> bool:
    pairs = zip(numbers(one).values(), numbers(other).values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def untimed(epochs: tuple[Epoch, ...]) -> list[Epoch]:
    return [replace(epoch, seconds_left=None) for epoch in epochs]


def test_it_learns_and_tells_of_it(task: Task) -> None:
    epochs: list[Epoch] = []
    steps: list[Step] = []
    made = teach(task, replace(QUICK, epochs=12), on_epoch=epochs.append, on_step=steps.append)
    assert made.ending is Ending.DONE
    assert list(made.epochs) == epochs
    assert [epoch.number for epoch in epochs] == list(range(13))
    assert epochs[0].loss is None
    assert epochs[-1].seconds_left == 0
    best = epochs[made.best]
    assert best.best
    assert best.accuracy == best.balanced == 1
    assert best.held_out_loss < 0.5 * epochs[0].held_out_loss
    assert best.held_out_loss == min(e.held_out_loss for e in epochs if e.balanced == 1)
    reading = [step for step in steps if step.epoch == 0]
    assert [(step.done, step.of) for step in reading] == [(i + 1, 32) for i in range(32)]
    learning = steps[32:]
    assert [(s.epoch, s.done, s.of) for s in learning] == [
        (epoch, done, 3) for epoch in range(1, 13) for done in (1, 2, 3)
    ]
    assert all(step.loss is not None and step.loss > 0 for step in learning)
    assert learning[-1].seconds_left == 0
    assert made.classifier.labels == CLASSES
    assert not made.classifier.network.training
    assert not any(p.requires_grad for p in made.classifier.network.parameters())


def test_the_network_given_stays_as_it_is(task: Task) -> None:
    given = small()
    fine_tune(given, *task, QUICK, device="cpu")
    assert same(given, small())
    assert not given.network.training


def test_the_same_seed_gives_the_same_numbers(task: Task) -> None:
    once, again = teach(task), teach(task)
    assert same(once.classifier, again.classifier)
    assert untimed(once.epochs) == untimed(again.epochs)
    assert not same(once.classifier, teach(task, replace(QUICK, seed=1)).classifier)


def test_going_on_gives_what_would_have_been_without_the_break(task: Task, tmp_path: Path) -> None:
    whole = teach(task)
    stop: list[bool] = []

    def after_two(epoch: Epoch) -> None:
        stop.extend([True] * (epoch.number == 2))

    state = tmp_path / "going"
    broken = teach(task, on_epoch=after_two, cancelled=lambda: bool(stop), state=state)
    assert broken.ending is Ending.CANCELLED
    assert [epoch.number for epoch in broken.epochs] == [0, 1, 2]
    told: list[Epoch] = []
    rest = teach(task, on_epoch=told.append, state=state)
    assert [epoch.number for epoch in told] == [3, 4, 5]
    assert untimed(rest.epochs) == untimed(whole.epochs)
    assert rest.best == whole.best
    assert same(rest.classifier, whole.classifier)
    assert teach(task, state=state, on_epoch=told.append).best == whole.best
    assert len(told) == 3
    longer = teach(task, replace(QUICK, epochs=6), state=state, on_epoch=told.append)
    assert longer.epochs[-1].number == 6
    assert [path.name for path in tmp_path.iterdir()] == ["going"]


def test_cancelled_before_anything_is_known(task: Task) -> None:
    with pytest.raises(CancelledError):
        teach(task, cancelled=lambda: True)
    read: list[Step] = []
    with pytest.raises(CancelledError):
        teach(task, on_step=read.append, cancelled=lambda: len(read) == 32)
    assert len(read) == 32


def test_cancelled_in_the_middle_keeps_the_best_so_far(task: Task) -> None:
    steps: list[Step] = []
    made = teach(task, on_step=steps.append, cancelled=lambda: len(steps) >= 32 + 3 * 3 + 1)
    assert made.ending is Ending.CANCELLED
    assert len(steps) == 32 + 3 * 3 + 1
    assert [epoch.number for epoch in made.epochs] == [0, 1, 2, 3]
    shorter = teach(task, on_epoch=lambda _: None, cancelled=lambda: False)
    assert untimed(shorter.epochs[:4]) == untimed(made.epochs)
    assert made.best == [epoch.number for epoch in made.epochs if epoch.best][-1]
    assert not any(m._forward_pre_hooks for m in made.classifier.network.modules())


def test_without_progress_it_ends_and_nothing_has_changed(task: Task) -> None:
    still = Options(rate=1e-30, head_rate=1e-30, patience=3, decay=0, statistics=False)
    made = teach(task, still)
    assert made.ending is Ending.EARLY
    assert (made.best, len(made.epochs)) == (0, 4)
    assert same(made.classifier, small())


def test_numbers_that_grow_beyond_bounds_end_it(task: Task) -> None:
    made = teach(task, replace(QUICK, rate=1e30, head_rate=1e30))
    assert made.ending is Ending.DIVERGED
    assert all(torch.isfinite(tensor).all() for tensor in numbers(made.classifier).values())


@pytest.mark.parametrize(
    ("stages", "learning"),
    [
        (0, {"fc.weight", "fc.bias"}),
        (1, {"fc.weight", "fc.bias", "third.0.weight", "third.1.weight", "third.1.bias"}),
    ],
)
def test_only_the_last_stages_learn(task: Task, stages: int, learning: set[str]) -> None:
    options = Options(stages=stages, epochs=2, rate=1e-2, head_rate=1e-2)
    after, before = numbers(teach(task, options).classifier), numbers(small())
    assert {name for name in after if not torch.equal(after[name], before[name])} == learning


def test_batchnorm_takes_statistics_only_where_it_shall(task: Task) -> None:
    options = Options(stages=1, epochs=2, rate=1e-2, head_rate=1e-2, statistics=True)
    after, before = numbers(teach(task, options).classifier), numbers(small())
    changed = {n for n in after if "running" in n and not torch.equal(after[n], before[n])}
    assert changed == {"third.1.running_mean", "third.1.running_var"}


def test_several_labels_and_none(tmp_path: Path) -> None:
    dataset, split = draw(tmp_path, 16, 32, 6)
    both = []
    for number in range(12):
        disc, square = (thing(kind, 100 + number, 32)[0] for kind in CLASSES)
        shown = disc.copy()
        shown[:, 16:] = square[:, 16:]
        plain = disc[..., 1:2].repeat(3, 2)
        for name, pixels in (("both", shown), ("none", plain)):
            Image.fromarray(pixels).save(tmp_path / f"{name}{number}.png")
        both.append(Example(tmp_path / f"none{number}.png", ()))
    several = replace(dataset, examples=(*dataset.examples, *both), multi_label=True)
    places = range(32, 44)
    parted = Split((*split.teaching, *places[:8]), (*split.held_out, *places[8:]), tuple(range(44)))
    given = small(Activation.SIGMOID)
    made = fine_tune(given, several, parted, replace(QUICK, epochs=15), device="cpu")
    best = made.epochs[made.best]
    assert best.balanced > 0.9
    assert best.balanced > made.epochs[0].balanced + 0.2


def test_pictures_that_cannot_be_read_are_left_out_and_listed(tmp_path: Path) -> None:
    dataset, split = draw(tmp_path, 6, 32, 2)
    gone = dataset.examples[0].path
    gone.write_bytes(gone.read_bytes()[:60])
    made = fine_tune(small(), dataset, split, replace(QUICK, epochs=1), device="cpu")
    assert [(item.path, "damaged" in item.reason) for item in made.broken] == [(gone, True)]
    for index in split.held_out:
        dataset.examples[index].path.unlink()
    with pytest.raises(CamviewerError, match="none to hold out"):
        fine_tune(small(), dataset, split, QUICK, device="cpu")


def test_a_state_of_another_teaching_is_refused(task: Task, tmp_path: Path) -> None:
    state = tmp_path / "state"
    once = replace(QUICK, epochs=1)
    teach(task, once, state=state)
    with pytest.raises(CamviewerError, match="state belongs to another teaching"):
        teach(task, replace(once, rate=1e-3), state=state)
    dataset, split = task
    fewer = replace(split, teaching=split.teaching[1:])
    with pytest.raises(CamviewerError, match="another teaching"):
        teach((dataset, fewer), once, state=state)


class Program:
    """Unpickling it would call."""

    called = False

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return setattr, (Program, "called", True)


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "program", "shapes", "list"])
def test_a_damaged_state_is_told(task: Task, tmp_path: Path, damage: str) -> None:
    state = tmp_path / "state"
    once = replace(QUICK, epochs=1)
    teach(task, once, state=state)
    whole = state.read_bytes()
    found = torch.load(state, weights_only=True)
    found["network"]["fc.bias"] = torch.zeros(7)
    contents = {"shapes": found, "list": [1, 2], "program": Program()}
    if damage in contents:
        torch.save(contents[damage], state)
    else:
        state.write_bytes({"cut": whole[: len(whole) // 2], "text": b"Hello", "empty": b""}[damage])
    with pytest.raises(CamviewerError, match=r"damaged.*Delete it"):
        teach(task, once, state=state)
    assert not Program.called


def test_a_state_that_cannot_be_kept_is_told(task: Task, tmp_path: Path) -> None:
    with pytest.raises(CamviewerError, match="cannot be kept"):
        teach(task, state=tmp_path / "no" / "folder")


def test_other_classes_need_another_head(task: Task) -> None:
    given = small()
    strange = Classifier(
        "three", fresh_head(given.network, 3), ("a", "b", "c"), given.preprocessing
    )
    with pytest.raises(ValueError, match="other labels"):
        fine_tune(strange, *task, QUICK, device="cpu")
    fresh = replace(given, network=fresh_head(given.network, 2))
    made = fine_tune(fresh, *task, replace(QUICK, epochs=8), device="cpu")
    assert made.epochs[0].held_out_loss == pytest.approx(math.log(2))
    assert made.epochs[made.best].accuracy == 1


def test_a_network_without_a_head_is_told(task: Task) -> None:
    body = nn.Sequential(nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    headless = replace(small(), network=body)
    with pytest.raises(ModelError, match="does not end in a linear layer"):
        fine_tune(headless, *task, QUICK, device="cpu")


@pytest.mark.parametrize("change", [{"epochs": 0}, {"rate": 0.0}, {"stages": -1}, {"decay": -1.0}])
def test_impossible_options_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="are a"):
        Options(**change)  # type: ignore[arg-type]
