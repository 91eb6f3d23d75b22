"""Masks of its own making: what they are, what the network learns from them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from camviewer.models.starter_net import StarterNet
from camviewer.teach.starter import LABELS
from camviewer.teach.starter.metrics import BOX_RULE
from camviewer.teach.starter.pseudo import pseudo_masks
from camviewer.teach.starter.refine import MaskedScenes, Refiner, Rounds, mask_loss
from camviewer.teach.starter.train import Recipe

pytestmark = pytest.mark.long

TINY = Recipe(seed=3, steps=4, batch=4, renderers=0)


@pytest.fixture(autouse=True)
def one_thread() -> object:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Brightness(nn.Module):
    """Looks like the starter, but every class's map is the picture's red where it is bright."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.AvgPool2d(8)
        self.layer1 = self.layer2 = self.layer3 = self.layer4 = nn.Identity()
        self.fc = nn.Linear(3, len(LABELS), bias=False)
        with torch.no_grad():
            self.fc.weight.zero_()
            self.fc.weight[:, 0] = 1.0
            self.fc.weight[-1, 0] = -100.0  # nothing speaks for the last class


def test_a_pseudo_mask_has_the_edges_of_what_the_map_points_at() -> None:
    picture = np.full((96, 96, 3), (10, 60, 10), np.uint8)
    picture[30:61, 22:75] = (250, 30, 30)
    labels = np.zeros(len(LABELS), np.float32)
    labels[2] = 1.0
    labels[4] = np.nan
    masks = pseudo_masks(Brightness(), picture, labels)  # type: ignore[arg-type]
    assert list(masks) == [2]
    inside = masks[2] == 255
    assert set(np.unique(masks[2])) == {0, 255}
    wanted = (picture == (250, 30, 30)).all(axis=2)
    assert (inside & wanted).sum() / (inside | wanted).sum() > 0.97


def test_a_class_for_which_nothing_speaks_gets_no_mask() -> None:
    labels = np.zeros(len(LABELS), np.float32)
    labels[-1] = 1.0
    picture = np.full((64, 64, 3), 255, np.uint8)
    assert pseudo_masks(Brightness(), picture, labels) == {}  # type: ignore[arg-type]


def test_the_mask_loss_by_hand() -> None:
    # one map of two cells: 1 and 0 over a mask that covers the first; threshold 0.4, steepness 12
    maps = torch.zeros(1, 2, 1, 2)
    maps[0, 0, 0] = torch.tensor([5.0, -3.0])
    masks = torch.full((1, 2, 1, 2), 255, dtype=torch.uint8)
    masks[0, 0, 0] = torch.tensor([200, 0])
    assert BOX_RULE.threshold == 0.4
    inside, outside = 1 / (1 + np.exp(-12 * 0.6)), 1 / (1 + np.exp(12 * 0.4))
    cells = -(np.log(inside) + np.log(1 - outside)) / 2
    dice = 1 - (2 * inside + 1) / (inside + outside + 1 + 1)
    assert float(mask_loss(maps, masks)) == pytest.approx(cells + dice, rel=1e-3)


def test_the_mask_loss_is_the_same_for_louder_maps_and_nothing_without_masks() -> None:
    maps = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    masks = torch.full((2, 3, 8, 8), 255, dtype=torch.uint8)
    assert float(mask_loss(maps, masks)) == 0
    masks[1, 2] = 0
    masks[1, 2, 2:6, 2:6] = 200
    assert float(mask_loss(7 * maps, masks)) == pytest.approx(float(mask_loss(maps, masks)))


def test_masked_scenes_are_the_same_every_time_and_only_of_present_classes() -> None:
    teacher = StarterNet(len(LABELS)).eval()
    first, second = (MaskedScenes(TINY, teacher, 1, 6) for _ in range(2))
    assert len(first) == 6
    seen = 0
    for index in range(6):
        picture, labels, masks = first[index]
        again, _, masks_again = second[index]
        assert np.array_equal(picture, again)
        assert np.array_equal(masks, masks_again)
        known = masks[:, 0, 0] != 255
        assert not known[labels != 1].any()
        seen += int(known.sum())
    assert seen > 0
    with pytest.raises(IndexError):
        first[6]


def test_an_interrupted_refinement_continues_from_its_checkpoint(tmp_path: Path) -> None:
    start = StarterNet(len(LABELS))
    rounds = Rounds(rounds=1, scenes=4)
    two = Recipe(seed=3, steps=2, batch=4, renderers=0)
    Refiner(two, tmp_path, start, rounds).run(show=False)
    again = Refiner(TINY, tmp_path, start, rounds)
    assert again.learner.step == 2
    refined = again.run(show=False)
    assert again.learner.step == 4
    assert not refined.training
    moved = refined.fc.weight - start.fc.weight
    assert 0 < float(moved.detach().abs().max()) < 0.1
