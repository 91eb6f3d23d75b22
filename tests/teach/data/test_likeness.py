"""Near-duplicates: what is alike, what is not, and who belongs together."""

import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from camviewer.errors import CancelledError
from camviewer.teach.data.dataset import Example
from camviewer.teach.data.likeness import describe, describe_all, groups
from camviewer.types import Frame, Pixels
from tests.teach.data.drawn import save, scene


def compressed(pixels: Pixels) -> Pixels:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=30)
    return np.asarray(Image.open(data))


def noisy(pixels: Pixels) -> Pixels:
    noise = np.random.default_rng(0).normal(0, 6, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


COPIES: dict[str, Callable[[Pixels], Pixels]] = {
    "compressed": compressed,
    "half": lambda p: np.ascontiguousarray(p[::2, ::2]),
    "brighter": lambda p: np.clip(p * 1.1 + 8, 0, 255).astype(np.uint8),
    "darker": lambda p: (p // 2).astype(np.uint8),
    "noisy": noisy,
    "shifted": lambda p: np.ascontiguousarray(p[:, 1:]),
}


def prints(pictures: list[Pixels]) -> np.ndarray:
    return np.array([describe(Frame(p, "test")) for p in pictures])


def grouped(pictures: list[Pixels], sequences: list[str] | None = None) -> list[int]:
    return groups(prints(pictures), sequences or [""] * len(pictures))


@pytest.mark.parametrize("name", COPIES)
def test_copies_are_together_and_others_apart(name: str) -> None:
    originals = [scene(n) for n in range(8)]
    copies = [COPIES[name](p) for p in originals]
    assert grouped(originals + copies) == [*range(8), *range(8)]


def test_a_description_has_length_one_and_no_colour_zeros() -> None:
    found = prints([scene(1), np.full((5, 7, 3), 130, np.uint8), scene(2)[:1, :1]])
    assert found.shape == (3, 288)
    assert found.dtype == np.float32
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 0, 0])


def test_a_step_across_is_described_where_it_is() -> None:
    pixels = np.zeros((130, 130, 3), np.uint8)
    pixels[:, 70:] = 200
    (found,) = prints([pixels])
    across = found[:144].reshape(12, 12)
    # 13 columns of cells, 10 pixels wide each: the step lies between the seventh and the eighth
    assert across[:, 6] == pytest.approx(1 / np.sqrt(12))
    assert np.count_nonzero(found) == 12


def test_plain_pictures_are_like_none() -> None:
    plain = np.full((20, 20, 3), 255, np.uint8)
    assert grouped([plain, plain, scene(0)]) == [0, 1, 2]
    assert groups(np.zeros((0, 288), np.float32), []) == []


def test_parts_under_a_fixed_camera_are_no_copies() -> None:
    """A disc in the same place on every picture: only its texture differs."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:128, :128]
    parts = []
    for _ in range(30):
        edge = np.hypot(columns - 64 - rng.normal(0, 2), rows - 64 - rng.normal(0, 2)) < 40
        texture = cv2.GaussianBlur(rng.normal(0, 40, (128, 128)), (0, 0), 3)
        grey = np.clip(60 + 110 * edge + texture, 0, 255).astype(np.uint8)
        parts.append(np.repeat(grey[:, :, None], 3, axis=2))
    described = prints(parts)
    # much alike by any fixed measure ...
    assert np.median(described @ described.T) > 0.8
    # ... and yet not the same
    assert grouped(parts) == list(range(30))
    assert grouped([*parts, noisy(parts[3])]) == [*range(30), 3]


def test_consecutive_frames_are_together() -> None:
    """A block moves over a scene, two pixels a frame; another scene is something else."""
    frames = []
    for background in (0, 1):
        for step in range(12):
            pixels = scene(background, 160).copy()
            pixels[60:100, 10 + 2 * step : 50 + 2 * step] = 240
            frames.append(noisy(pixels))
    assert grouped(frames) == [0] * 12 + [1] * 12


def test_recordings_are_together_and_two_of_one_scene_apart() -> None:
    same = [scene(0)] * 4
    assert grouped(same, ["a", "a", "b", "b"]) == [0, 0, 1, 1]
    different = [scene(n) for n in range(5)]
    assert grouped(different, ["a", "b", "a", "", "b"]) == [0, 1, 0, 2, 1]
    # a file like a frame of each recording joins both
    assert grouped([*same, scene(0)], ["a", "a", "b", "b", ""]) == [0] * 5


@given(st.lists(st.integers(0, 5), max_size=30), st.randoms(use_true_random=False))
def test_groups_do_not_depend_on_the_order(kinds: list[int], random: object) -> None:
    described = prints([scene(n) for n in range(6)])[kinds]
    found = groups(described.reshape(-1, 288), [""] * len(kinds))
    assert len(set(found)) == len(set(kinds))
    assert set(zip(found, kinds, strict=True)) == {
        (list(dict.fromkeys(kinds)).index(kind), kind) for kind in kinds
    }


def test_chains_are_followed_across_blocks() -> None:
    """Each like the next only: 600 steps on a quarter circle among unlike ones."""
    angles = np.linspace(0, np.pi / 2, 600)
    chain = np.zeros((600, 288), np.float32)
    chain[:, 0], chain[:, 1] = np.cos(angles), np.sin(angles)
    others = np.eye(288, dtype=np.float32)[2:]
    shuffled = np.random.default_rng(0).permutation(600)
    found = groups(np.concatenate([chain[shuffled], others]), [""] * 886)
    assert found == [0] * 600 + list(range(1, 287))


@pytest.mark.parametrize(("distance", "together"), [(0.22, True), (0.25, False)])
def test_alike_are_those_within_an_eighth_of_the_usual_distance(
    distance: float, together: bool
) -> None:
    """Among orthogonal ones, whose squared distance is 2, the limit lies at 0.24."""
    cosine = 1 - distance / 2
    described = np.eye(288, dtype=np.float32)
    described[1, :2] = cosine, np.sqrt(1 - cosine**2)
    found = groups(described, [""] * 288)
    assert (found[0] == found[1]) == together
    assert len(set(found)) == 288 - together


def test_files_are_described_and_broken_ones_listed(tmp_path: Path) -> None:
    sound = save(tmp_path / "a.png", scene(3))
    torn = tmp_path / "b.png"
    torn.write_bytes(sound.read_bytes()[:3000])
    told: list[tuple[int, int]] = []
    examples = [Example(torn, ("x",)), Example(sound, ("x",)), Example(tmp_path / "c", ("x",))]
    found, broken = describe_all(examples, lambda done, of: told.append((done, of)))
    assert found[1] == pytest.approx(prints([scene(3)])[0])
    assert not found[[0, 2]].any()
    assert [item.path for item in broken] == [torn, tmp_path / "c"]
    assert "damaged or incomplete" in broken[0].reason
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_describing_can_be_cancelled(tmp_path: Path) -> None:
    example = Example(save(tmp_path / "a.png"), ("x",))

    def cancel(done: int, of: int) -> None:
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        describe_all([example] * 3, cancel)


@pytest.mark.data
def test_real_photographs(shared_data: Path) -> None:
    examples = [Example(path, ()) for path in sorted((shared_data / "photos").iterdir())]
    found, broken = describe_all(examples)
    assert not broken
    assert groups(found, [""] * len(examples)) == list(range(len(examples)))
    raccoons = sorted((shared_data / "raccoon" / "images").iterdir())
    found, _ = describe_all([Example(path, ()) for path in raccoons])
    number = groups(found, [""] * len(raccoons))
    together = {p.stem for p, n in zip(raccoons, number, strict=True) if number.count(n) > 1}
    # these lie there twice or three times, as the same files or in another compression
    assert {f"raccoon-{n}" for n in (50, 52, 74, 65, 98, 21, 45, 120, 83, 11, 116)} <= together
    assert len(together) < 20
