"""Sharper maps, by hand on networks of a few numbers."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from camviewer.errors import CancelledError, MethodError
from camviewer.inspector import SHARPEST, Inspector, Request, Sharper
from camviewer.models.preprocess import Preprocessing
from camviewer.types import Ask, Fit, Frame, Heatmap, Inspection, Map, Question
from tests.test_inspector import classifier


class Pooled(nn.Module):
    """Average pooling and a linear layer: class ``a`` is the first channel, ``b`` twice that."""

    def __init__(self, *features: nn.Module, channels: int = 3) -> None:
        super().__init__()
        self.features = nn.Sequential(*features)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, 2, bias=False)
        with torch.no_grad():
            self.fc.weight.zero_()
            self.fc.weight[:, 0] = torch.tensor([1.0, 2.0])

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(self.pool(self.features(x)), 1))


def leaning() -> Pooled:
    """Every cell shows the red of its left neighbour."""
    shift = nn.Conv2d(3, 1, 3, padding=1, bias=False)
    with torch.no_grad():
        shift.weight.zero_()
        shift.weight[0, 0, 1, 0] = 1
    return Pooled(shift, channels=1)


def two_grids() -> Pooled:
    """The picture's own pixels, and below half as many each way."""
    return Pooled(nn.ReLU(), nn.AvgPool2d(2), nn.ReLU())


def tiny(network: nn.Module, size: int, *, fixed: bool = False) -> Inspector:
    shape = Preprocessing((0, 0, 0), (1, 1, 1), input_size=size, resize_size=size, fixed_size=fixed)
    return Inspector(classifier(network, labels=("a", "b"), preprocessing=shape), "cpu", "eager")


def red(*rows: tuple[int, ...]) -> Frame:
    """A picture in which 1 stands for a red pixel and 0 for a black one."""
    pixels = np.zeros((len(rows), len(rows[0]), 3), np.uint8)
    pixels[..., 0] = 255 * np.array(rows)
    return Frame(pixels, "red")


def shown(inspection: Inspection) -> Map:
    (explanation,) = inspection.explanations
    return explanation.heatmap.values


def test_a_flip_is_merged_the_right_way_round() -> None:
    frame = red(*[(0, 1, 0, 0)] * 4)
    inspector, first = tiny(leaning(), 4), Request(targets=(0,))
    plain = inspector.inspect(frame, first)
    np.testing.assert_allclose(shown(plain), [[0, 0, 1, 0]] * 4, atol=1e-6)
    # mirrored, the red pixel shows to its left, which is its right in the picture
    flipped = inspector.inspect(frame, replace(first, sharper=Sharper(flip=True)))
    np.testing.assert_allclose(shown(flipped), [[0.5, 0, 0.5, 0]] * 4, atol=1e-6)
    assert flipped.predictions == plain.predictions
    assert flipped.geometry == plain.geometry
    assert (plain.origin.sharper, flipped.origin.sharper) == ((), ("flip",))


def test_the_average_has_the_unit_of_the_plain_map_and_its_signs() -> None:
    frame = red(*[(0, 1, 0, 0)] * 4)
    inspector = tiny(leaning(), 4)
    double = inspector.inspect(frame, Request(targets=(1,), sharper=Sharper(flip=True)))
    np.testing.assert_allclose(shown(double), [[1, 0, 1, 0]] * 4, atol=1e-6)
    against = Question(Ask.AGAINST)
    asked = Request(targets=(1,), sharper=Sharper(flip=True), question=against)
    np.testing.assert_allclose(
        shown(inspector.inspect(frame, asked)), np.tile([-1.0, 0, -1, 0], (4, 1)), atol=1e-6
    )


def test_scales_are_merged_on_the_finest_grid() -> None:
    frame = red(*[(1,) * 5 + (0,) * 5] * 10)
    network = Pooled(nn.ReLU())
    inspector, request = tiny(network, 10), Request(targets=(0,), sharper=Sharper(scales=3))
    sharper = shown(inspector.inspect(frame, request))
    preprocessing = inspector.classifier.preprocessing
    expected = torch.zeros(1, 1, 16, 16)
    for size in (10, 7, 16):  # 0.7 and 1.6 times
        picture = preprocessing.tensor(frame, preprocessing.geometry(frame.size, Fit.WHOLE, size))
        expected += functional.interpolate(picture[:, :1], (16, 16), mode="bilinear") / 3
    np.testing.assert_allclose(sharper, expected[0, 0].numpy(), atol=1e-5)


def test_scales_of_a_crop_lie_over_each_other() -> None:
    # the crop's middle third is red; another input size crops the same part
    frame = red(*[(0,) * 8 + (1,) * 8 + (0,) * 8] * 12)
    inspector = tiny(Pooled(nn.ReLU()), 12)
    request = Request(targets=(0,), fit=Fit.CROP, sharper=Sharper(scales=3, flip=True))
    inspection = inspector.inspect(frame, request)
    values = shown(inspection)
    assert inspection.geometry.input == (12, 12)
    assert values.shape == (19, 19)
    np.testing.assert_allclose(values, values[:, ::-1], atol=0.02)
    heatmap = inspection.explanations[0].heatmap
    assert [round(heatmap.at(x, 6), 1) for x in (7.0, 10.5, 12.0, 13.5, 17.0)] == [0, 1, 1, 1, 0]


def test_layers_are_fused_by_hand() -> None:
    frame = red((1, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0))
    inspector = tiny(two_grids(), 4)
    plain = shown(inspector.inspect(frame, Request(targets=(0,))))
    np.testing.assert_allclose(plain, [[0.25, 0.0], [0.0, 0.0]], atol=1e-6)
    fused = shown(inspector.inspect(frame, Request(targets=(0,), sharper=Sharper(fuse=True))))
    # cells of the finer grid lie at -1/4, 1/4, 3/4 and 5/4 of the coarse one
    slope = np.array([1, 0.75, 0.25, 0])
    finer = np.zeros((4, 4))
    finer[0, 0] = 1
    expected = 0.25 * (np.tanh(np.outer(slope, slope)) + np.tanh(finer))
    np.testing.assert_allclose(fused, expected, atol=1e-6)


def test_a_guided_map_has_finer_cells_and_follows_the_edge() -> None:
    frame = red(*[(1,) * 11 + (0,) * 21] * 32)
    network = Pooled(nn.AvgPool2d(8), nn.ReLU())
    inspector = tiny(network, 32)
    blurred, steep = (
        inspector.inspect(frame, Request(targets=(0,), sharper=Sharper(guided=guided)))
        for guided in (False, True)
    )
    assert shown(blurred).shape == (4, 4)
    assert shown(steep).shape == (16, 16)
    fall = [
        heatmap.at(9.5, 16) - heatmap.at(12.5, 16)
        for heatmap in (i.explanations[0].heatmap for i in (blurred, steep))
    ]
    assert fall[1] > 2 * fall[0] > 0


def test_everything_at_once_costs_what_is_told_and_can_be_left() -> None:
    frame = red(*[(1, 0, 0, 0)] * 4)
    inspector = tiny(two_grids(), 4)
    known: list[tuple[float, Heatmap]] = []

    def watch(inspection: Inspection, done: float) -> None:
        known.append((done, inspection.explanations[0].heatmap))

    everything = Sharper(3, flip=True, fuse=True, guided=True)
    request = Request(targets=(0,), sharper=everything)
    last = inspector.inspect(frame, request, watch)
    assert [done for done, _ in known] == pytest.approx([n / 6 for n in range(1, 6)])
    assert last.explanations[0].heatmap.peak > 0
    assert last.origin.sharper == ("scales 3", "flip", "fuse", "guided")

    def leave(_inspection: Inspection, _done: float) -> None:
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        inspector.inspect(frame, request, leave)


def test_a_slow_method_tells_how_far_it_is_at_every_look() -> None:
    told: list[float] = []
    request = Request("occlusion", targets=(0,), sharper=Sharper(flip=True))
    tiny(leaning(), 32).inspect(red(*[(0, 1, 0, 0)] * 4), request, lambda _, d: told.append(d))
    assert told == sorted(set(told))
    assert any(done < 0.5 for done in told)
    assert 0.5 in told
    assert any(0.5 < done < 1 for done in told)


def test_plain_maps_are_not_touched() -> None:
    frame = red(*[(0, 1, 1, 0)] * 4)
    one, two = (tiny(leaning(), 4).inspect(frame, r) for r in (Request(), Request()))
    inspector = tiny(leaning(), 4)
    inspector.inspect(frame, Request(sharper=Sharper(3, flip=True)))
    three = inspector.inspect(frame)
    assert shown(one).tobytes() == shown(two).tobytes() == shown(three).tobytes()


def test_a_picture_that_says_nothing_gives_zeros() -> None:
    inspector = tiny(two_grids(), 4)
    request = Request(targets=(0,), sharper=Sharper(3, flip=True, fuse=True, guided=True))
    assert not shown(inspector.inspect(red(*[(0,) * 4] * 4), request)).any()


def test_a_network_of_one_size_has_no_scales_but_a_flip() -> None:
    inspector = tiny(leaning(), 4, fixed=True)
    frame = red((0, 1, 0, 0), (0, 1, 0, 0))
    with pytest.raises(MethodError, match="4 x 4 pixels only"):
        inspector.inspect(frame, Request(sharper=Sharper(scales=3)))
    with pytest.raises(MethodError, match="4 x 4 pixels only"):
        inspector.require("auto", None, Sharper(scales=3))
    flipped = shown(inspector.inspect(frame, Request(targets=(0,), sharper=Sharper(flip=True))))
    # letterboxed: the picture is the two rows in the middle
    np.testing.assert_allclose(flipped[1:3], [[0.5, 0, 0.5, 0]] * 2, atol=1e-6)


def test_where_no_grid_is_finer_nothing_can_be_fused() -> None:
    inspector = tiny(leaning(), 4)
    with pytest.raises(MethodError, match="nothing to fuse"):
        inspector.inspect(red(*[(0, 1, 0, 0)] * 4), Request(sharper=Sharper(fuse=True)))


def test_the_preset_is_what_the_network_can_do() -> None:
    assert tiny(two_grids(), 4).sharpest() == SHARPEST
    assert tiny(leaning(), 4).sharpest() == replace(SHARPEST, fuse=False)
    assert tiny(two_grids(), 4, fixed=True).sharpest() == replace(SHARPEST, scales=1)


def test_likeness_can_be_sharper_too() -> None:
    frame = red(*[(0, 1, 0, 0)] * 4)
    question = Question(Ask.LIKE, reference=frame)
    request = Request(question=question, sharper=Sharper(3, flip=True, fuse=True))
    inspection = tiny(two_grids(), 4).inspect(frame, request)
    assert inspection.explanations[0].heatmap.score == pytest.approx(1)
    assert np.isfinite(shown(inspection)).all()
