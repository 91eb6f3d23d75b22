"""Pictures become tensors as torchvision makes them, and points find their way back."""

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import v2

from camviewer.errors import ModelError
from camviewer.models import zoo
from camviewer.models.preprocess import Overrides, Preprocessing
from camviewer.types import Fit, Frame, Geometry, Size

SIZES = [(300, 400), (333, 257), (256, 256), (224, 224), (101, 151), (37, 90), (257, 1001), (1, 5)]
NETWORKS = ["resnet18", "efficientnet_b2", "inception_v3"]


def random_frame(size: Size, seed: int = 0) -> Frame:
    """Smoothed noise over the whole range of values, as a photograph has it."""
    noise = np.random.default_rng(seed).normal(size=(*size, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.0)
    pixels = cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX)  # type: ignore[call-overload]
    return Frame(pixels.astype(np.uint8), "noise")


def as_tensor(frame: Frame) -> torch.Tensor:
    return torch.from_numpy(frame.pixels).permute(2, 0, 1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NETWORKS)
def test_crop_is_torchvisions_evaluation(name: str, size: Size) -> None:
    expected = zoo.preprocessing(name)
    frame = random_frame(size)
    reference = v2.Compose(
        [
            v2.Resize(
                expected.resize_size,
                interpolation=v2.InterpolationMode(expected.interpolation),
                antialias=True,
            ),
            v2.CenterCrop(expected.input_size),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(expected.mean, expected.std),
        ]
    )(as_tensor(frame))
    ours = expected.tensor(frame, expected.geometry(size, Fit.CROP))
    assert ours.shape == (1, 3, expected.input_size, expected.input_size)
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours[0], reference, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_grey_level_is_normalised_to_the_last_bit(name: str) -> None:
    """What is taught looks at maps whose order may hang on it."""
    published = zoo.preprocessing(name)
    expected = Preprocessing(published.mean, published.std, input_size=32)
    levels = np.random.default_rng(0).permuted(np.tile(np.arange(256, dtype=np.uint8), 12))
    frame = Frame(levels.reshape(32, 32, 3), "levels")
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (expected.mean, expected.std))
    ours = expected.tensor(frame, expected.geometry((32, 32), Fit.STRETCH))
    assert torch.equal(ours[0], (as_tensor(frame).float() / 255 - mean) / std)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NETWORKS)
def test_crop_is_the_published_evaluation_but_for_rounding(name: str, size: Size) -> None:
    """The accuracies were measured on Pillow's resize, which rounds a little differently."""
    weights = zoo.weights_of(name)
    assert weights is not None
    expected = zoo.preprocessing(name)
    frame = random_frame(size)
    ours = expected.tensor(frame, expected.geometry(size, Fit.CROP))[0]
    apart = (ours - weights.transforms()(Image.fromarray(frame.pixels))).abs()
    grey_level = 1 / 255 / min(expected.std)
    assert float(apart.max()) <= 2 * grey_level + 1e-5
    assert float(apart.mean()) <= 0.3 * grey_level


def test_values_are_normalised_per_channel() -> None:
    pixels = np.full((8, 8, 3), (255, 0, 51), dtype=np.uint8)
    expected = Preprocessing(mean=(0.5, 0.25, 0.2), std=(0.25, 0.5, 1.0), input_size=8)
    values = expected.tensor(Frame(pixels, "plain"), expected.geometry((8, 8), Fit.STRETCH))
    np.testing.assert_allclose(values[0, :, 4, 4], [2.0, -0.5, 0.0], atol=1e-6)


def test_read_only_pictures_are_not_complained_about(recwarn: pytest.WarningsRecorder) -> None:
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    pixels.flags.writeable = False
    expected = Preprocessing(input_size=8)
    expected.tensor(Frame(pixels, "black"), expected.geometry((8, 8), Fit.WHOLE))
    assert not recwarn.list


def marked(size: Size, corner: tuple[int, int]) -> Frame:
    """A black picture with a white pixel block in a corner."""
    pixels = np.zeros((*size, 3), dtype=np.uint8)
    block = max(min(size) // 10, 3)
    rows = slice(0, block) if corner[0] == 0 else slice(-block, None)
    columns = slice(0, block) if corner[1] == 0 else slice(-block, None)
    pixels[rows, columns] = 255
    return Frame(pixels, "marker")


def centre_of_white(
    values: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> tuple[float, float]:
    values = values - values.min()
    total = values.sum()
    rows, columns = np.mgrid[: values.shape[0], : values.shape[1]] + 0.5
    return float((columns * values).sum() / total), float((rows * values).sum() / total)


@pytest.mark.parametrize("corner", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("size", [(240, 320), (333, 101), (97, 97), (61, 240), (700, 500)])
@pytest.mark.parametrize(
    ("fit", "fixed"),
    [(Fit.WHOLE, False), (Fit.WHOLE, True), (Fit.STRETCH, False), (Fit.STRETCH, True)],
)
def test_corner_markers_come_back_within_a_pixel(
    fit: Fit, fixed: bool, size: Size, corner: tuple[int, int]
) -> None:
    expected = Preprocessing(mean=(0, 0, 0), std=(1, 1, 1), fixed_size=fixed)
    frame = marked(size, corner)
    geometry = expected.geometry(size, fit)
    seen = expected.tensor(frame, geometry)[0, 0].numpy()
    assert seen.shape == geometry.input
    x, y = geometry.to_picture(*centre_of_white(seen))
    true_x, true_y = centre_of_white(frame.pixels[:, :, 0].astype(np.float32))
    assert abs(x - true_x) <= 1
    assert abs(y - true_y) <= 1


@pytest.mark.parametrize("size", [(240, 320), (333, 101), (97, 97), (700, 500), (50, 60)])
def test_a_marker_inside_the_crop_comes_back_within_a_pixel(size: Size) -> None:
    expected = Preprocessing(mean=(0, 0, 0), std=(1, 1, 1))
    geometry = expected.geometry(size, Fit.CROP)
    left, top, right, bottom = geometry.seen
    x, y = round(left + (right - left) / 4), round(top + (bottom - top) * 0.6)
    pixels = np.zeros((*size, 3), dtype=np.uint8)
    pixels[y - 1 : y + 2, x - 1 : x + 2] = 255
    seen = expected.tensor(Frame(pixels, "marker"), geometry)[0, 0].numpy()
    back = geometry.to_picture(*centre_of_white(seen))
    assert back == pytest.approx((x + 0.5, y + 0.5), abs=1)


def test_geometries_by_hand() -> None:
    expected = Preprocessing(input_size=224, resize_size=256)
    assert expected.geometry((512, 1024), Fit.CROP) == Geometry(
        (512, 1024), (224, 224), (0.5, 0.5), (-16, -144)
    )
    assert expected.geometry((448, 896), Fit.WHOLE) == Geometry((448, 896), (224, 448), (0.5, 0.5))
    assert expected.geometry((448, 112), Fit.STRETCH) == Geometry(
        (448, 112), (224, 224), (0.5, 2.0)
    )
    fixed = Preprocessing(fixed_size=True)
    assert fixed.geometry((448, 896), Fit.WHOLE) == Geometry(
        (448, 896), (224, 224), (0.25, 0.25), (56, 0)
    )


def test_letterbox_bars_are_the_mean_colour() -> None:
    expected = Preprocessing(fixed_size=True)
    frame = Frame(np.full((100, 200, 3), 255, dtype=np.uint8), "white")
    values = expected.tensor(frame, expected.geometry((100, 200), Fit.WHOLE))[0]
    assert values.shape == (3, 224, 224)
    assert not values[:, :56].any()
    assert not values[:, 168:].any()
    np.testing.assert_allclose(values[:, 100, 100], [2.2489, 2.4286, 2.64], atol=1e-4)


def test_input_size_scales_the_crop_and_is_ignored_by_fixed_networks() -> None:
    free, fixed = Preprocessing(), Preprocessing(fixed_size=True)
    geometry = free.geometry((512, 512), Fit.CROP, 448)
    assert geometry.input == (448, 448)
    assert geometry.scale == (1.0, 1.0)
    assert fixed.geometry((512, 512), Fit.CROP, 448).input == (224, 224)


def test_long_sides_fill_whole_cells_and_no_side_is_too_small() -> None:
    expected = Preprocessing(min_size=75)
    assert expected.geometry((100, 230), Fit.WHOLE).input == (224, 512)
    assert expected.geometry((100, 230), Fit.WHOLE, 299).input == (299, 688)
    assert expected.geometry((100, 100), Fit.WHOLE, 40).input == (75, 75)
    assert expected.geometry((10, 10000), Fit.WHOLE).input == (75, 896)


@pytest.mark.parametrize("size", [(1, 30000), (30000, 1), (2, 60000)])
def test_the_crop_of_a_thread_of_pixels_needs_no_gigabytes(size: Size) -> None:
    """Resized as a whole, one row of 30,000 pixels would be 256 x 7,680,000."""
    ramp = np.linspace(0, 255, max(size)).astype(np.uint8)
    pixels = np.broadcast_to(
        ramp[None, :, None] if size[0] < size[1] else ramp[:, None, None], (*size, 3)
    )
    expected = Preprocessing(mean=(0, 0, 0), std=(1, 1, 1))
    values = expected.tensor(
        Frame(np.ascontiguousarray(pixels), "ramp"), expected.geometry(size, Fit.CROP)
    )
    assert values.shape == (1, 3, 224, 224)
    np.testing.assert_allclose(values, 0.5, atol=2 / 255)


def test_enlarging_only_the_part_seen_gives_the_same_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = Preprocessing(mean=(0, 0, 0), std=(1, 1, 1))
    frame = random_frame((6, 2000))
    geometry = expected.geometry((6, 2000), Fit.CROP)
    whole = expected.tensor(frame, geometry)
    monkeypatch.setattr("camviewer.models.preprocess._LARGEST_ENLARGEMENT", 1)
    torch.testing.assert_close(expected.tensor(frame, geometry), whole, atol=2 / 255, rtol=0)


@given(
    height=st.integers(1, 600),
    width=st.integers(1, 600),
    fit=st.sampled_from(Fit),
    fixed=st.booleans(),
    x=st.floats(0, 1),
    y=st.floats(0, 1),
)
def test_any_point_of_any_picture_round_trips(
    height: int, width: int, fit: Fit, fixed: bool, x: float, y: float
) -> None:
    expected = Preprocessing(input_size=32, resize_size=36, fixed_size=fixed)
    geometry = expected.geometry((height, width), fit)
    point = (x * width, y * height)
    assert geometry.to_picture(*geometry.to_input(*point)) == pytest.approx(point, abs=1e-6)
    frame = Frame(np.zeros((height, width, 3), dtype=np.uint8), "black")
    assert expected.tensor(frame, geometry).shape == (1, 3, *geometry.input)


def test_overrides_replace_only_what_they_name() -> None:
    own = Preprocessing()
    assert own.overridden(Overrides()) == own
    changed = own.overridden(Overrides(mean=(0.5, 0.5, 0.5), input_size=448))
    assert changed.mean == (0.5, 0.5, 0.5)
    assert changed.std == own.std
    assert (changed.input_size, changed.resize_size) == (448, 512)


def test_a_network_of_one_size_refuses_another() -> None:
    with pytest.raises(ModelError, match="224 x 224 only; it cannot be given 384 x 384"):
        Preprocessing(fixed_size=True).overridden(Overrides(input_size=384))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (Overrides(mean=(123.7, 116.3, 103.5)), "Divide mean and standard deviation by 255"),
        (Overrides(std=(0.2, 0.0, 0.2)), "above zero"),
        (Overrides(mean=(0.5, float("nan"), 0.5)), "three finite numbers"),
        (Overrides(input_size=0), "1 to 4096 pixels, not 0"),
        (Overrides(input_size=100_000), "1 to 4096 pixels, not 100000"),
    ],
)
def test_senseless_numbers_are_refused(overrides: Overrides, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        Preprocessing().overridden(overrides)
    if overrides.input_size is not None:
        with pytest.raises(ModelError, match=message):
            Preprocessing().geometry((10, 10), Fit.WHOLE, overrides.input_size)


@pytest.mark.gpu
@pytest.mark.parametrize("fit", list(Fit))
def test_a_gpu_resizes_within_a_grey_level(fit: Fit) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA GPU")
    noise = np.random.default_rng(0).integers(0, 256, (300, 500, 3), np.uint8)
    frame, expected = Frame(noise, "noise.png"), Preprocessing()
    geometry = expected.geometry(frame.size, fit)
    there = expected.tensor(frame, geometry, torch.device("cuda"))
    assert there.device.type == "cuda"
    level = 1 / 255 / min(expected.std)
    off = (there.cpu() - expected.tensor(frame, geometry)).abs().max()
    assert off <= 1.01 * level
