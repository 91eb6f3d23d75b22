"""Features: computed once, bounded, broken pictures told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from camviewer.errors import CancelledError
from camviewer.models.preprocess import Preprocessing
from camviewer.teach import features as module
from camviewer.teach.data.dataset import Example
from camviewer.teach.features import Extractor, Look, looks
from camviewer.teach.foundation import Foundation, found
from camviewer.teach.store import FeatureStore
from tests.teach.lessons import SIZE, backbone, ring_or_cross

_LOOKS = (Look(SIZE), Look(SIZE, mirrored=True), Look(96))


@pytest.fixture(scope="module")
def foundation() -> Foundation:
    return found(backbone(), input_size=SIZE)


def _extractor(foundation: Foundation, file: Path, identity: str = "") -> Extractor:
    return Extractor(
        foundation.network(1),
        foundation.preprocessing,
        identity or foundation.identity,
        FeatureStore(file),
        torch.device("cpu"),
    )


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    kinds = ("ring", "cross", "both")
    return [
        Example(ring_or_cross(tmp_path / f"{i}.png", kind, i), (kind,))
        for i, kind in enumerate(kinds)
    ]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The pictures that were decoded."""
    calls: list[Path] = []
    load = module.images.load

    def counted(path: Any, **options: Any) -> Any:
        calls.append(path)
        return load(path, **options)

    monkeypatch.setattr(module.images, "load", counted)
    return calls


def test_features_are_unit_vectors_in_every_look(
    foundation: Foundation, examples: list[Example], tmp_path: Path
) -> None:
    values = _extractor(foundation, tmp_path / "f").extract(examples, _LOOKS).values
    assert values.shape == (3, 3, 128)
    np.testing.assert_allclose(np.linalg.norm(values, axis=2), 1, atol=1e-4)
    assert np.abs(values[:, 0] - values[:, 1]).max() > 1e-4  # mirrored is not the same


def test_a_second_time_nothing_is_decoded(
    foundation: Foundation, examples: list[Example], tmp_path: Path, decoded: list[Path]
) -> None:
    first = _extractor(foundation, tmp_path / "f").extract(examples, _LOOKS).values
    assert len(decoded) == 3
    again = _extractor(foundation, tmp_path / "f").extract(examples, _LOOKS).values
    assert len(decoded) == 3
    np.testing.assert_array_equal(again, first)


def test_a_renamed_picture_is_known_and_a_changed_one_is_not(
    foundation: Foundation, examples: list[Example], tmp_path: Path, decoded: list[Path]
) -> None:
    extractor = _extractor(foundation, tmp_path / "f")
    extractor.extract(examples, _LOOKS)
    renamed = examples[0].path.rename(tmp_path / "renamed.png")
    extractor.extract([Example(renamed, ("ring",))], _LOOKS)
    assert len(decoded) == 3
    ring_or_cross(renamed, "ring", 99)
    extractor.extract([Example(renamed, ("ring",))], _LOOKS)
    assert decoded[3:] == [renamed]


def test_other_weights_see_for_themselves(
    foundation: Foundation, examples: list[Example], tmp_path: Path, decoded: list[Path]
) -> None:
    _extractor(foundation, tmp_path / "f").extract(examples, _LOOKS)
    _extractor(foundation, tmp_path / "f", "others").extract(examples, _LOOKS)
    assert len(decoded) == 6


def test_a_new_look_costs_only_itself(
    foundation: Foundation, examples: list[Example], tmp_path: Path, decoded: list[Path]
) -> None:
    extractor = _extractor(foundation, tmp_path / "f")
    first = extractor.extract(examples[:1], _LOOKS[:2]).values
    both = extractor.extract(examples[:1], _LOOKS).values
    np.testing.assert_array_equal(both[:, :2], first)
    assert len(decoded) == 2


def test_broken_pictures_are_told_and_left_out(
    foundation: Foundation, examples: list[Example], tmp_path: Path
) -> None:
    data = examples[1].path.read_bytes()
    examples[1].path.write_bytes(data[: len(data) // 2])
    examples[2].path.unlink()
    seen = _extractor(foundation, tmp_path / "f").extract(examples, _LOOKS)
    assert seen.values.shape == (1, 3, 128)
    assert [broken.path for broken in seen.broken] == [examples[1].path, examples[2].path]
    assert "damaged or incomplete" in seen.broken[0].reason


def test_cancelling_ends_within_one_run_of_the_network(
    foundation: Foundation, examples: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = foundation.network(1)
    runs: list[int] = []
    through = network.looked_at

    def counted(x: Any) -> Any:
        runs.append(1)
        return through(x)

    monkeypatch.setattr(network, "looked_at", counted)
    extractor = Extractor(
        network, foundation.preprocessing, "x", FeatureStore(tmp_path / "f"), torch.device("cpu")
    )
    with pytest.raises(CancelledError):
        extractor.extract(examples, _LOOKS, cancelled=lambda: len(runs) == 4)
    assert len(runs) == 4


def test_progress_counts_pictures(
    foundation: Foundation, examples: list[Example], tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    _extractor(foundation, tmp_path / "f").extract(
        examples, _LOOKS[:1], lambda done, total: told.append((done, total))
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_looks_are_smaller_larger_and_mirrored() -> None:
    sizes = [(look.size, look.mirrored) for look in looks(Preprocessing(input_size=320))]
    assert sizes[:3] == [(320, False), (224, False), (448, False)]
    assert sizes[3:] == [(320, True), (224, True), (448, True)]


def test_a_network_of_one_size_is_shown_that_only() -> None:
    assert looks(Preprocessing(fixed_size=True)) == (Look(224), Look(224, mirrored=True))
