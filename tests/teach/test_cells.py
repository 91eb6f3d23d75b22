"""Maps of pictures in a temporary file, and sums over their cells."""

from contextlib import closing
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from camviewer.errors import CamviewerError
from camviewer.teach.cells import Cells, class_maps, means, weighted


def _maps() -> tuple[list[torch.Tensor], torch.Tensor]:
    """Maps of two layers, and both on the finer grid."""
    chance = torch.Generator().manual_seed(0)
    fine, coarse = torch.randn(5, 9, 12, generator=chance), torch.randn(3, 4, 6, generator=chance)
    resized = F.interpolate(coarse[None], size=(9, 12), mode="bilinear")[0]
    return [fine, coarse], torch.cat([fine, resized])


def test_what_was_kept_comes_back_in_half_precision(tmp_path: Path) -> None:
    with closing(Cells(tmp_path / "new")) as cells:
        cells.add([torch.full((2, 1, 3), 1.0), torch.tensor([[[1 / 3]]])])
        cells.add([torch.arange(6.0).view(1, 2, 3)])
        assert len(cells) == 2
        assert cells[1][0].tolist() == [[[0.0, 1, 2], [3, 4, 5]]]
        ones, third = cells[0]
        assert ones.shape == (2, 1, 3)
        assert third.item() == pytest.approx(1 / 3, rel=1e-3)
        assert third.dtype == torch.float32
    assert not list((tmp_path / "new").iterdir())


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(CamviewerError, match="Make room there"):
        Cells(tmp_path / "taken" / "cells")


def test_maps_of_classes_are_those_of_the_resized_layers() -> None:
    maps, together = _maps()
    weight = torch.randn(2, 8, generator=torch.Generator().manual_seed(1))
    expected = torch.einsum("ck,kyx->cyx", weight, together)
    torch.testing.assert_close(class_maps(maps, weight), expected, atol=1e-5, rtol=1e-5)


def test_sums_over_cells_are_those_of_the_resized_layers() -> None:
    maps, together = _maps()
    cells = torch.rand(2, 9, 12, generator=torch.Generator().manual_seed(1))
    expected = torch.einsum("nyx,kyx->nk", cells, together)
    torch.testing.assert_close(weighted(maps, cells), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(means(maps), together.mean((1, 2)), atol=1e-6, rtol=1e-5)
