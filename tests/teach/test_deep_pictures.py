"""What is shown: every class as often, nothing cut off, the network's own preprocessing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from camviewer.errors import PictureError
from camviewer.media import images
from camviewer.models import zoo
from camviewer.models.classifier import Activation
from camviewer.models.preprocess import Preprocessing
from camviewer.teach.deep.pictures import SCALES, Batch, Shelf, batches, common_shape
from camviewer.teach.deep.trial import Trial, losses, try_out
from camviewer.types import Fit
from tests.teach.things import EXPECTED, thing

CPU = torch.device("cpu")


def one_hot(counts: list[int]) -> np.ndarray:
    return np.repeat(np.eye(len(counts), dtype=np.float32), counts, 0)


def save(folder: Path, pixels: np.ndarray, name: str = "picture.png") -> Path:
    Image.fromarray(pixels).save(folder / name)
    return folder / name


@given(
    counts=st.lists(st.integers(1, 40), min_size=2, max_size=5),
    size=st.integers(1, 20),
    seed=st.integers(0, 99),
)
def test_as_many_are_shown_as_there_are_and_no_batch_is_too_large(
    counts: list[int], size: int, seed: int
) -> None:
    made = list(batches(one_hot(counts), size, seed, 3))
    shown = np.concatenate([batch.pictures for batch in made])
    assert len(shown) == sum(counts)
    assert shown.min() >= 0
    assert shown.max() < sum(counts)
    sizes = {len(batch.pictures) for batch in made}
    assert max(sizes) <= size
    assert max(sizes) - min(sizes) <= 1
    assert all(batch.scale in SCALES for batch in made)


@given(counts=st.lists(st.integers(10, 40), min_size=2, max_size=4), seed=st.integers(0, 99))
def test_classes_are_shown_alike_and_pictures_of_a_class_alike(
    counts: list[int], seed: int
) -> None:
    targets = one_hot(counts)
    shown = np.concatenate([batch.pictures for batch in batches(targets, 16, seed, 1)])
    often = np.bincount(shown, minlength=len(targets))
    classes = targets.T @ often
    expected = len(targets) / len(counts)
    for name, count in enumerate(counts):
        assert abs(classes[name] - expected) <= count + 1  # each at most one off its share
        own = often[targets[:, name] == 1]
        assert own.max() - own.min() <= 1


def test_a_class_of_one_picture_is_not_shown_more_than_eight_times() -> None:
    targets = one_hot([99, 1])
    for epoch in range(1, 20):
        shown = np.concatenate([batch.pictures for batch in batches(targets, 16, 0, epoch)])
        assert 7 <= (shown == 99).sum() <= 9


def test_pictures_without_a_label_count_as_a_class() -> None:
    targets = np.zeros((100, 2), np.float32)
    targets[:10, 0] = targets[5:10, 1] = 1
    shown = np.concatenate([batch.pictures for batch in batches(targets, 16, 0, 1)])
    assert 25 <= (shown >= 10).sum() <= 50


def test_batches_follow_seed_and_epoch_alone() -> None:
    def order(seed: int, epoch: int) -> list[int]:
        return [int(p) for b in batches(one_hot([20, 20]), 8, seed, epoch) for p in b.pictures]

    assert order(1, 2) == order(1, 2)
    assert len({tuple(order(*numbers)) for numbers in ((1, 2), (1, 3), (2, 2))}) == 3


@given(scale=st.sampled_from(SCALES), mirrored=st.booleans(), seed=st.integers(0, 99))
def test_nothing_is_cut_off(scale: float, mirrored: bool, seed: int) -> None:
    """A mark of a few pixels in each corner is there after every change."""
    pixels = np.full((3, 60, 90), 120, np.uint8)
    for rows in (slice(0, 6), slice(-6, None)):
        for columns in (slice(0, 6), slice(-6, None)):
            pixels[:, rows, columns] = 250
    factors = np.random.default_rng(seed).uniform(0.8, 1.2, (3, 1)).astype(np.float32)
    colour = torch.from_numpy(factors)
    batch = Batch(np.array([0]), scale, torch.tensor([mirrored]), colour)
    size = common_shape([(60, 90)], Preprocessing(input_size=64, resize_size=64), round(64 * scale))
    shown = batch.shown([torch.from_numpy(pixels)], size, CPU)
    assert shown.shape == (1, 3, *size)
    assert 0 <= shown.min() <= shown.max() <= 1
    middle = shown[0, :, size[0] // 2, size[1] // 2].max()
    for row in (1, -2):
        for column in (1, -2):
            assert shown[0, :, row, column].min() > 1.3 * middle


def test_colours_change_by_their_factors() -> None:
    pixels = torch.zeros(3, 8, 8, dtype=torch.uint8)
    pixels[0] = 100
    pixels[2] = 50
    shown = []
    for factors in ((0.8, 1.0, 1.0), (1.0, 0.8, 1.0), (1.0, 1.0, 0.8)):
        colour = torch.tensor(factors)[:, None]
        batch = Batch(np.array([0]), 1.0, torch.tensor([False]), colour)
        shown.append(batch.shown([pixels], (8, 8), CPU)[0, :, 0, 0] * 255)
    mean, grey = 50.0, 0.299 * 100 + 0.114 * 50
    original = torch.tensor([100.0, 0.0, 50.0])
    torch.testing.assert_close(shown[0], 0.8 * original)
    torch.testing.assert_close(shown[1], mean + 0.8 * (original - mean))
    torch.testing.assert_close(shown[2], grey + 0.8 * (original - grey))


def test_parts_of_a_batch_are_changed_as_in_the_whole() -> None:
    batch = next(batches(one_hot([6, 6]), 12, 0, 1))
    random = np.random.default_rng(0)
    prepared = [
        torch.from_numpy(random.integers(0, 255, (3, 20, 20), dtype=np.uint8)) for _ in range(12)
    ]
    whole = batch.shown(prepared, (16, 16), CPU)
    for start in (0, 5, 10):
        part = batch.part(start, start + 5)
        expected = whole[start : start + 5]
        assert torch.equal(part.shown(prepared[start : start + 5], (16, 16), CPU), expected)


@pytest.mark.parametrize("name", ["resnet18", "vit_b_16"])
def test_held_out_pictures_are_laid_as_when_the_network_is_used(tmp_path: Path, name: str) -> None:
    expected = zoo.preprocessing(name)
    path = save(tmp_path, thing("disc", 3, 120)[0][:90])
    shelf = Shelf(expected, 224)
    found = shelf.normalised(shelf.picture(path)[None].float() / 255)
    frame = images.load(path)
    used = expected.tensor(frame, expected.geometry(frame.size, Fit.WHOLE))
    assert shelf.shape(path) == tuple(used.shape[2:])
    torch.testing.assert_close(found, used, rtol=0, atol=0.5 / 255 / min(expected.std) + 1e-5)


def test_pictures_are_kept_while_there_is_room(tmp_path: Path) -> None:
    paths = [save(tmp_path, thing("disc", n, 32)[0], f"{n}.png") for n in range(2)]
    shelf = Shelf(EXPECTED, 32, room=3 * 32 * 32)
    first, second = (shelf.picture(path) for path in paths)
    for path in paths:
        path.unlink()
    assert torch.equal(shelf.picture(paths[0]), first)
    assert not torch.equal(first, second)
    with pytest.raises(PictureError):
        shelf.picture(paths[1])


class _Answers(torch.nn.Module):
    """Gives one logit per colour channel: its mean."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3))


def tried(
    folder: Path, colours: list[tuple[int, int, int]], targets: object, kind: Activation
) -> Trial:
    shelf = Shelf(Preprocessing((0.5,) * 3, (0.01,) * 3, 32, 32), 32)
    paths = []
    for number, colour in enumerate(colours):
        shape = (32, 32 + 8 * (number % 2), 3)  # of two shapes, in turns
        paths.append(save(folder, np.full(shape, colour, np.uint8), f"{number}.png"))
        shelf.picture(paths[-1])
    return try_out(_Answers(), shelf, paths, torch.tensor(targets), kind, CPU)


def test_shares_of_right_answers(tmp_path: Path) -> None:
    red, green = (255, 0, 0), (0, 255, 0)
    truth = [[1.0, 0, 0]] * 3 + [[0, 1.0, 0]]
    found = tried(tmp_path, [red, red, red, red], truth, Activation.SOFTMAX)
    assert (found.accuracy, found.balanced) == (0.75, 0.5)
    found = tried(tmp_path, [red, green, red, green], truth, Activation.SOFTMAX)
    assert found.accuracy == 0.75
    assert found.balanced == pytest.approx((2 / 3 + 1) / 2)
    assert found.loss == pytest.approx(100 / 4, rel=1e-2)  # one of four is wrong by 100


def test_shares_of_right_answers_with_several_labels(tmp_path: Path) -> None:
    colours = [(255, 0, 0), (0, 0, 0), (255, 255, 0), (255, 0, 0)]
    truth = [[1.0, 0, 0], [0, 0, 0], [0, 1.0, 0], [1.0, 0, 0]]
    found = tried(tmp_path, colours, truth, Activation.SIGMOID)
    assert found.accuracy == pytest.approx(11 / 12)
    # present: 2 of 2, 1 of 1, never; absent: 1 of 2, 3 of 3, 4 of 4
    assert found.balanced == pytest.approx((1 + 1 + 0.5 + 1 + 1) / 5)


def test_better_is_more_classes_told_apart_then_fewer_doubts() -> None:
    good = Trial(loss=0.5, accuracy=0.8, balanced=0.9)
    assert good.better_than(None)
    assert good.better_than(Trial(0.1, 0.9, 0.8))
    assert good.better_than(Trial(0.6, 0.8, 0.9))
    assert not good.better_than(good)
    assert not good.better_than(Trial(0.4, 0.8, 0.9))


def test_losses_are_cross_entropies() -> None:
    logits, truth = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    expected = torch.log(torch.tensor(1 + np.exp(2.0)))
    assert float(losses(logits, truth, Activation.SOFTMAX)) == pytest.approx(float(expected))
    single = (np.log(1 + np.exp(2.0)) + np.log(2)) / 2
    assert float(losses(logits, truth, Activation.SIGMOID)) == pytest.approx(single)
