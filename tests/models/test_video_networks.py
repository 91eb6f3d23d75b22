"""Networks of clips: all of torchvision's, what they expect, and files with their weights."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
import torchvision.models

from camviewer.errors import ModelError, WeightsMismatchError
from camviewer.models import catalog, checkpoint, userfile, zoo
from camviewer.models.preprocess import Overrides
from camviewer.models.video_preprocess import ClipPreprocessing
from camviewer.types import Clip, Fit, Frame
from tests.models.files import deprecated, save

SMALL = "s3d"  # the smallest state_dict among them


def expected(name: str) -> ClipPreprocessing:
    found = zoo.preprocessing(name)
    assert isinstance(found, ClipPreprocessing)
    return found


def frames(count: int, height: int = 30, width: int = 40) -> tuple[Frame, ...]:
    pixels = np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    return tuple(Frame(p, "noise", i, i / 15) for i, p in enumerate(pixels))


def clip(shown: tuple[Frame, ...], place: float = 0) -> Clip:
    return Clip(shown[0].pixels, "noise", frames=shown, place=place)


def test_every_video_network_of_torchvision_is_there() -> None:
    names = zoo.clip_names()
    assert list(names) == torchvision.models.list_models(module=torchvision.models.video)
    assert {
        "r3d_18", "mc3_18", "r2plus1d_18", "mvit_v1_b", "mvit_v2_s", "s3d",
        "swin3d_t", "swin3d_s", "swin3d_b",
    } <= {*names}  # fmt: skip
    assert not {*names} & {*zoo.names()}
    assert zoo.canonical("R3D-18") == "r3d_18"


@pytest.mark.parametrize("name", zoo.clip_names())
def test_what_a_network_expects_is_that_of_its_weights(name: str) -> None:
    weights = zoo.weights_of(name)
    assert weights is not None
    transforms, found = weights.transforms(), expected(name)
    assert [found.input_size] * 2 == transforms.crop_size
    assert ([*found.mean], [*found.std]) == (transforms.mean, transforms.std)
    assert found.interpolation == transforms.interpolation.value
    assert found.fixed_size is name.startswith("mvit")
    assert found.frames >= weights.meta.get("min_temporal_size", 1)
    # torchvision names rate and length in prose only; S3D's is the length of its evaluation
    said = re.search(r"`frame_rate=([\d.]+)`.*`clip_len=(\d+)`", weights.meta["_docs"])
    assert said is not None
    assert found.rate == float(said[1])
    assert found.frames == (64 if name == "s3d" else int(said[2]))
    assert len(zoo.labels(name)) == 400
    assert "playing guitar" in zoo.labels(name)


@pytest.mark.parametrize("name", zoo.clip_names())
def test_every_network_is_laid_out_without_memory(name: str) -> None:
    shapes, head = zoo.shapes(name), zoo.head_of(name)
    assert shapes[head][0] == 1000
    network = zoo.skeleton(name, 7)
    state = network.state_dict()
    heads = {k: shape for k, shape in shapes.items() if tuple(state[k].shape) != shape}
    assert head in heads
    per_class = sum(math.prod(shape[1:]) for shape in heads.values())
    weights = zoo.weights_of(name)
    assert weights is not None
    learnt = sum(p.numel() for p in network.parameters())
    assert learnt == weights.meta["num_params"] - 393 * per_class


@pytest.mark.parametrize("name", ["r3d_18", "mvit_v2_s", "s3d"])
@pytest.mark.parametrize("size", [(30, 40), (41, 23)])
def test_the_crop_is_the_published_evaluation(name: str, size: tuple[int, int]) -> None:
    found, weights = expected(name), zoo.weights_of(name)
    assert weights is not None
    shown = frames(found.frames, *size)
    tensor = found.tensor(clip(shown), found.geometry(size, Fit.CROP))
    pixels = torch.from_numpy(np.stack([f.pixels for f in shown])).permute(0, 3, 1, 2)
    published = weights.transforms()(pixels)[None]
    # resizing rounds to whole grey values in another order
    assert tensor.shape == published.shape
    assert float((tensor - published).abs().max()) <= 1.01 / 255 / min(found.std)


def test_a_still_picture_is_a_clip_in_which_nothing_moves() -> None:
    found = expected("r3d_18")
    (still,) = frames(1)
    geometry = found.geometry(still.size, Fit.WHOLE)
    tensor = found.tensor(still, geometry)
    assert tensor.shape == (1, 3, 16, *geometry.input)
    assert (tensor == tensor[:, :, :1]).all()
    assert torch.equal(tensor, found.tensor(clip((still,) * 16), geometry))
    assert float(tensor.std()) > 0


@pytest.mark.parametrize(
    ("given", "picked"), [(4, [0, 1, 2, 3]), (7, [0, 2, 4, 6]), (2, [0, 0, 1, 1])]
)
def test_clips_of_another_length_are_thinned_out_or_repeated(given: int, picked: list[int]) -> None:
    found = ClipPreprocessing((0, 0, 0), (1, 1, 1), 8, 8, frames=4)
    shown = frames(given, 8, 8)
    tensor = found.tensor(clip(shown), found.geometry((8, 8), Fit.WHOLE))
    wanted = np.stack([shown[i].pixels for i in picked]).transpose(3, 0, 1, 2)
    np.testing.assert_allclose(tensor[0].numpy() * 255, wanted, atol=1e-4)


def test_smaller_copies_of_frames_lie_where_the_frame_does() -> None:
    """What a live view remembers is kept small; the shown frame decides about the geometry."""
    found = ClipPreprocessing((0, 0, 0), (1, 1, 1), 8, 8, frames=2, antialias=False)
    gradient = np.linspace(0, 255, 64, dtype=np.uint8)
    large = Frame(np.ascontiguousarray(np.broadcast_to(gradient[None, :, None], (32, 64, 3))), "x")
    small = Frame(np.ascontiguousarray(large.pixels[::2, ::2]), "x")
    shown = Clip(large.pixels, "x", frames=(small, large), place=1)
    for fit in Fit:
        tensor = found.tensor(shown, found.geometry(large.size, fit))
        assert tensor.shape[2] == 2
        torch.testing.assert_close(tensor[:, :, 0], tensor[:, :, 1], atol=0.02, rtol=0)


@pytest.mark.parametrize("numbers", [{"frames": 0}, {"rate": 0.0}, {"rate": float("nan")}])
def test_clips_without_frames_or_time_are_refused(numbers: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="at least one frame"):
        ClipPreprocessing(**numbers)


def test_the_users_numbers_leave_the_clip_as_it_is() -> None:
    found = expected("r3d_18").overridden(Overrides(input_size=56))
    assert isinstance(found, ClipPreprocessing)
    assert (found.frames, found.rate, found.input_size) == (16, 15.0, 56)
    geometry = found.geometry((240, 320), Fit.CROP)
    assert geometry.input == (56, 56)
    assert geometry.scale == pytest.approx((64 / 240, 86 / 320))


def test_the_catalogue_describes_them() -> None:
    found = {entry.name: entry for entry in catalog.entries()}
    r3d = found["r3d_18"]
    assert (r3d.title, r3d.family, r3d.frames, r3d.of_clips) == ("R3D-18", "Video ResNet", 16, True)
    assert (r3d.parameters, r3d.accuracy) == (33_371_472, 63.2)
    assert found["swin3d_t"].family == "Video Swin Transformer"
    assert [name for name, entry in found.items() if entry.of_clips] == list(zoo.clip_names())
    assert not found["resnet18"].of_clips


def test_own_weights_with_kinetics_labels_and_a_guess(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = zoo.build(SMALL, 400).eval()
    path = tmp_path / "actions.safetensors"
    safetensors.torch.save_file(network.state_dict(), path)
    classifier = catalog.load(SMALL, weights=path)
    assert classifier.labels == zoo.labels(SMALL)
    assert classifier.preprocessing == expected(SMALL)
    x = torch.rand(1, 3, 16, 224, 224)
    with torch.no_grad():
        assert torch.equal(classifier.network(x), network(x))
    assert checkpoint.guess(network.state_dict()) == SMALL


def test_own_classes_and_weights_of_another_network(tmp_path: Path) -> None:
    path = save(zoo.build(SMALL, 3).state_dict(), tmp_path / "mine.pth")
    assert userfile.load(path, name=SMALL).labels == ("class 0", "class 1", "class 2")
    with pytest.raises(WeightsMismatchError, match="the weights of s3d: choose that model"):
        userfile.load(path, name="r3d_18")


class Tiny(torch.nn.Module):
    """Takes clips, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv3d(3, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (N, 3, T, H, W) to (N, 2)."""
        return self.conv(x).mean((2, 3, 4))


def test_programs_for_clips_are_counted_with_a_clip(tmp_path: Path) -> None:
    path = tmp_path / "tiny.pt"
    with deprecated():
        torch.jit.save(torch.jit.script(Tiny().eval()), str(path))
    classifier = userfile.load(path, name="r3d_18", consent=True)
    assert len(classifier.labels) == 2
    assert isinstance(classifier.preprocessing, ClipPreprocessing)
