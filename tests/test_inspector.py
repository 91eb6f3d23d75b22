"""The one pipeline: what is computed, what is reused, what is refused."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camviewer.cam.device import Device
from camviewer.errors import MethodError, ModelError
from camviewer.inspector import Inspector, Request
from camviewer.models.classifier import Activation, Classifier
from camviewer.models.preprocess import Preprocessing
from camviewer.types import BoxRule, Fit, Frame, Rule
from tests.cam.networks import Flat, Gap, Residual


class Counting(Gap):
    """Counts its forward passes."""

    passes = 0

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.count(x))

    @staticmethod
    def count(x: Tensor) -> Tensor:
        return counted(x)


@torch.fx.wrap
def counted(x: Tensor) -> Tensor:
    Counting.passes += 1
    return x


def classifier(network: nn.Module | None = None, **changes: object) -> Classifier:
    settings: dict[str, Any] = {
        "labels": ("red", "blue", "any"),
        "preprocessing": Preprocessing((0, 0, 0), (1, 1, 1), input_size=8, resize_size=8),
        **changes,
    }
    return Classifier(name="tiny", network=network or Gap(), **settings)


def frame(height: int = 8, width: int = 8) -> Frame:
    """Blue all over, with a red square at the top left, a quarter of the sides."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[..., 2] = 255
    pixels[: height // 4, : width // 4] = (255, 0, 0)
    return Frame(pixels, "square")


def test_cells_are_those_of_the_networks_own_size_though_it_is_opened_with_a_smaller_one() -> None:
    large = Preprocessing((0, 0, 0), (1, 1, 1), input_size=450, resize_size=450)
    inspector = Inspector(classifier(preprocessing=large), "cpu")
    layer = inspector.automatic_layer
    assert layer.cells == (224, 224)
    assert inspector.cells(layer) == (450, 450)
    small = Inspector(classifier(), "cpu")
    assert small.cells(small.automatic_layer) == small.automatic_layer.cells


def test_scores_maps_and_boxes_by_hand() -> None:
    inspection = Inspector(classifier(), "cpu").inspect(frame(), Request(targets=(0,)))
    # red covers 1/16 of the picture: logits 1/16 + 0.25, 4 * 15/16 - 0.5, 0.5 * (1/16 + 15/16)
    logits = [p.logit for p in inspection.predictions]
    assert logits == pytest.approx([0.3125, 3.25, 0.5])
    expected = np.exp(logits) / np.exp(logits).sum()
    assert [p.score for p in inspection.predictions] == pytest.approx(expected.tolist())
    assert inspection.ranking == (1, 2, 0)
    (explanation,) = inspection.explanations
    np.testing.assert_allclose(explanation.heatmap.values[:2, :2], 1.0)
    assert not explanation.heatmap.values[2:].any()
    assert not explanation.heatmap.present  # blue is more probable
    (box,) = explanation.boxes
    # at 20 % of the maximum the bilinear edge lies 0.3 cells outside the square
    assert (box.x, box.y) == (0, 0)
    assert (box.width, box.height) == pytest.approx((2.3, 2.3), abs=0.3)
    assert inspection.origin.method == "cam"
    assert inspection.origin.layer == "features.1"
    assert inspection.origin.device == "cpu"


def test_the_most_probable_class_is_explained_by_default() -> None:
    inspection = Inspector(classifier(), "cpu").inspect(frame())
    assert [e.heatmap.label for e in inspection.explanations] == ["blue"]
    assert inspection.explanations[0].heatmap.present


def test_another_class_or_method_costs_no_run_of_the_trunk() -> None:
    inspector = Inspector(classifier(Counting()), "cpu")
    picture = frame()
    inspector.inspect(picture)
    before = Counting.passes
    inspector.inspect(picture, Request(targets=(0, 2)))
    inspector.inspect(picture, Request(method="grad-cam", rule=BoxRule(Rule.OTSU)))
    assert Counting.passes == before
    inspector.inspect(picture, Request(input_size=16))
    assert Counting.passes == before + 1
    inspector.inspect(frame())
    assert Counting.passes == before + 2


def test_several_present_classes_of_a_multi_label_network_strongest_first() -> None:
    several = classifier(activation=Activation.SIGMOID, thresholds=(0.5, 0.5, 0.5))
    inspection = Inspector(several, "cpu").inspect(frame())
    assert inspection.multi_label
    assert [e.heatmap.label for e in inspection.explanations] == ["blue", "any", "red"]
    assert [p.score for p in inspection.predictions] == pytest.approx(
        [1 / (1 + np.exp(-x)) for x in (0.3125, 3.25, 0.5)]
    )


def test_nothing_is_a_right_answer_of_a_multi_label_network() -> None:
    strict = classifier(activation=Activation.SIGMOID, thresholds=(0.99, 0.99, 0.99))
    inspector = Inspector(strict, "cpu")
    assert inspector.inspect(frame()).explanations == ()
    (asked,) = inspector.inspect(frame(), Request(top=1)).explanations
    assert asked.heatmap.label == "blue"
    assert not asked.heatmap.present
    assert asked.boxes


def test_top_explains_that_many() -> None:
    inspection = Inspector(classifier(), "cpu").inspect(frame(), Request(top=2))
    assert [e.heatmap.target for e in inspection.explanations] == [1, 2]


@pytest.mark.parametrize(
    ("fit", "expected"), [(Fit.WHOLE, (8, 16)), (Fit.CROP, (8, 8)), (Fit.STRETCH, (8, 8))]
)
def test_the_fit_decides_what_the_network_sees(fit: Fit, expected: tuple[int, int]) -> None:
    inspection = Inspector(classifier(), "cpu").inspect(frame(20, 40), Request(fit=fit))
    assert inspection.geometry.input == expected
    assert inspection.explanations[0].heatmap.values.shape == expected
    assert inspection.geometry.seen == ((10, 0, 30, 20) if fit is Fit.CROP else (0, 0, 40, 20))


def test_a_class_that_does_not_exist_is_refused() -> None:
    with pytest.raises(MethodError, match="classes 0 to 2"):
        Inspector(classifier(), "cpu").inspect(frame(), Request(targets=(3,)))


def test_labels_that_do_not_fit_are_refused() -> None:
    inspector = Inspector(classifier(labels=("a", "b")), "cpu")
    with pytest.raises(ModelError, match="3 classes but 2 labels"):
        inspector.inspect(frame())


def test_damaged_weights_are_told() -> None:
    network = Gap()
    with torch.no_grad():
        network.fc.weight[1, 2] = torch.nan
    with pytest.raises(ModelError, match="not finite"):
        Inspector(classifier(network), "cpu").inspect(frame())


def test_a_method_that_cannot_serve_says_why_and_offers_one_that_can() -> None:
    small = Preprocessing((0, 0, 0), (1, 1, 1), input_size=2, resize_size=2, fixed_size=True)
    flat = classifier(Flat(), labels=("a", "b"), preprocessing=small)
    inspector = Inspector(flat, "cpu")
    with pytest.raises(MethodError, match=r"linear layer.*Use the method grad-cam"):
        inspector.require("cam", None)
    with pytest.raises(MethodError, match="Use the method grad-cam"):
        inspector.inspect(frame(), Request(method="cam"))
    assert inspector.methods()["grad-cam"] == ""
    assert "linear layer" in inspector.methods()["cam"]
    assert inspector.input_sizes is None


def test_frozen_and_half_precision_weights_give_the_same_map() -> None:
    plain, halved = Residual(), Residual().half()
    labels = tuple("abcde")
    maps = [
        Inspector(classifier(n, labels=labels), "cpu")
        .inspect(frame(), Request(method="grad-cam", layer="stem", targets=(1,)))
        .explanations[0]
        .heatmap.values
        for n in (plain, halved.requires_grad_(requires_grad=False))
    ]
    np.testing.assert_allclose(maps[1], maps[0], rtol=0.01, atol=1e-3)


class Exhausted(nn.Module):
    """Runs out of memory once when told to."""

    full = False

    def __init__(self) -> None:
        super().__init__()
        self.inner = Gap()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(exhaust(x))


@torch.fx.wrap
def exhaust(x: Tensor) -> Tensor:
    if Exhausted.full:
        Exhausted.full = False
        raise torch.OutOfMemoryError("no memory left")
    return x


class FakeGpu(Device):
    """Computes on the CPU under another name."""

    def __str__(self) -> str:
        return "mps"


def test_out_of_gpu_memory_falls_back_visibly_without_losing_the_picture() -> None:
    inspector = Inspector(classifier(Exhausted()), "cpu")
    inspector._device = FakeGpu(torch.device("cpu"))
    assert inspector.device == "mps"
    Exhausted.full = True
    inspection = inspector.inspect(frame())
    assert [e.heatmap.label for e in inspection.explanations] == ["blue"]
    assert inspection.origin.device == "cpu"
    assert inspection.origin.note == "mps ran out of memory: running on the CPU."
    assert inspector.device_note == inspection.origin.note


def test_out_of_cpu_memory_says_what_to_do() -> None:
    inspector = Inspector(classifier(Exhausted()), "cpu")
    Exhausted.full = True
    with pytest.raises(MethodError, match="smaller"):
        inspector.inspect(frame())


def test_the_same_frame_gives_the_same_numbers_byte_for_byte() -> None:
    first, second = (Inspector(classifier(), "cpu").inspect(frame()) for _ in range(2))
    assert first.explanations[0].heatmap.values.tobytes() == (
        second.explanations[0].heatmap.values.tobytes()
    )
    assert first.predictions == second.predictions


def test_no_hook_is_left_and_nothing_requires_gradients() -> None:
    network = Residual()
    inspector = Inspector(classifier(network, labels=tuple("abcde")), "cpu")
    for method in ("cam", "grad-cam"):
        inspector.inspect(frame(), Request(method=method, top=5))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())
    assert not any(p.requires_grad or p.grad is not None for p in network.parameters())
