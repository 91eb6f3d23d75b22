"""What a GPU blends is what OpenCV blends; run on the CPU, which computes the same."""

import logging

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from camviewer.render import ColorMap, View, blend, on_device
from camviewer.render.on_device import Blender, blender, sampled
from camviewer.types import Frame, Inspection, Pixels, Size
from tests.inspections import cropped, heatmap, inspection, letterboxed, whole

CPU = torch.device("cpu")
SIZE = 60, 90


def seen_as(fit: str, classes: int, seed: int = 0) -> Inspection:
    random = np.random.default_rng(seed)
    geometry = {
        "whole": whole(SIZE), "cropped": cropped(SIZE, 60), "letterboxed": letterboxed(SIZE, 90)
    }[fit]  # fmt: skip
    shape = (4, 6) if fit == "whole" else (5, 5)
    maps = [random.normal(size=shape) for _ in range(classes)]
    return inspection(*(heatmap(m, geometry, score=0.9 / (i + 1)) for i, m in enumerate(maps)))


def blended(shown: Inspection, view: View, size: Size | None = None) -> Pixels:
    found = Blender(CPU)(shown, view, shown.frame.pixels, size or shown.frame.size)
    assert found is not None
    return found


@given(
    fit=st.sampled_from(["whole", "cropped", "letterboxed"]),
    classes=st.integers(0, 3),
    opacity=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    colormap=st.sampled_from(list(ColorMap)),
    heat=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_it_blends_as_opencv_does_within_one_level(
    fit: str, classes: int, opacity: float, colormap: ColorMap, heat: bool, seed: int
) -> None:
    shown = seen_as(fit, max(classes, 1), seed)
    if classes == 0:
        shown = shown.with_explanations(())
    view = View(opacity=opacity, colormap=colormap, show_heatmap=heat)
    off = np.abs(blended(shown, view).astype(int) - blend(shown, view))
    assert off.max() <= 1
    assert off.mean() < 0.1


@given(
    rows=st.integers(1, 20),
    columns=st.integers(1, 20),
    height=st.integers(1, 130),
    width=st.integers(1, 130),
    channels=st.sampled_from([1, 3]),
    seed=st.integers(0, 1000),
)
def test_bytes_are_sampled_digit_by_digit_as_opencv_does(
    rows: int, columns: int, height: int, width: int, channels: int, seed: int
) -> None:
    cells = np.random.default_rng(seed).integers(0, 256, (rows, columns, channels), np.uint8)
    expected = cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR)
    found = sampled(torch.from_numpy(cells), (height, width)).numpy()
    np.testing.assert_array_equal(found, expected.reshape(height, width, channels))


def test_a_smaller_picture_is_smoothed_and_blended_the_same() -> None:
    shown = seen_as("whole", 1)
    size = 20, 30
    small = cv2.resize(shown.frame.pixels, (30, 20), interpolation=cv2.INTER_AREA)
    expected = blend(shown, View(), np.asarray(small, np.uint8))
    off = np.abs(blended(shown, View(), size).astype(int) - expected)
    # a triangle instead of a box, half transparent, on noise
    assert off.mean() < 12
    plain = Frame(np.full((*SIZE, 3), 77, np.uint8), "plain.png")
    even = inspection(heatmap(np.eye(4, 6), whole(SIZE)), picture=plain)
    expected = blend(even, View(), np.full((*size, 3), 77, np.uint8))
    assert np.abs(blended(even, View(), size).astype(int) - expected).max() <= 1


def test_pictures_that_cannot_be_written_to_and_parts_of_pictures_serve() -> None:
    shown = seen_as("whole", 1)
    shown.frame.pixels.setflags(write=False)
    part = shown.frame.pixels[10:40, 20:50]
    found = Blender(CPU)(shown.with_explanations(()), View(), part, (30, 30))
    np.testing.assert_array_equal(found, part)
    assert blended(shown, View()).flags.writeable


def test_the_cpu_blends_with_opencv() -> None:
    assert blender("cpu") is None


def test_a_device_that_cannot_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert blender("meta") is None  # it has no numbers, so none come back
    assert "meta does not blend, the CPU does" in caplog.text


def test_a_device_that_blends_otherwise_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = on_device.blend_tensor

    def off(shown: Inspection, view: View, picture: torch.Tensor) -> torch.Tensor:
        return wrong(shown, View(opacity=0.6), picture.cpu())

    monkeypatch.setattr(on_device, "to_device", lambda array, _: torch.from_numpy(array.copy()))
    monkeypatch.setattr(on_device, "blend_tensor", off)
    with caplog.at_level(logging.WARNING):
        assert blender.__wrapped__("meta") is None
    assert "meta blends otherwise" in caplog.text


def test_what_failed_once_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def exhausted(*_: object) -> torch.Tensor:
        calls.append(None)
        raise torch.OutOfMemoryError("no memory")

    monkeypatch.setattr(on_device, "blend_tensor", exhausted)
    made, shown = Blender(CPU), seen_as("whole", 1)
    for _ in range(3):
        assert made(shown, View(), shown.frame.pixels, SIZE) is None
    assert len(calls) == 1


@pytest.mark.gpu
@pytest.mark.parametrize("fit", ["whole", "cropped", "letterboxed"])
@pytest.mark.parametrize("classes", [1, 3])
def test_a_gpu_blends_as_the_cpu_does(fit: str, classes: int) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA GPU")
    made, shown = blender("cuda"), seen_as(fit, classes)
    assert made is not None
    found = made(shown, View(), shown.frame.pixels, SIZE)
    assert found is not None
    assert np.abs(found.astype(int) - blend(shown, View())).max() <= 1
