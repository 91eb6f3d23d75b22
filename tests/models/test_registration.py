"""Where a layer's cells look: networks whose cells look beside their place by a known amount."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from camviewer.models.registration import Registration, moved


def _picture(seed: int) -> Tensor:
    """Blobs of a few pixels, ``(1, 3, 96, 160)``."""
    noise = torch.randn(1, 3, 96, 160, generator=torch.Generator().manual_seed(seed))
    return nn.functional.avg_pool2d(noise, 9, 1, padding=4)


def _measured(layer: nn.Module) -> tuple[float, float]:
    registration = Registration()
    for seed in range(4):
        picture = _picture(seed)
        looks = (picture, picture.flip(2), picture.flip(3))
        registration.add(*(layer(look)[0] for look in looks))
    return registration.shift


def _strided(steps: int, row: int = 1, column: int = 1) -> nn.Module:
    """Convolutions of stride 2, each of which takes one of nine pixels, (1, 1) in the middle."""
    layers = []
    for _ in range(steps):
        layer = nn.Conv2d(3, 3, 3, stride=2, padding=1, groups=3, bias=False)
        nn.init.zeros_(layer.weight)
        layer.weight.data[:, :, row, column] = 1
        layers.append(layer)
    return nn.Sequential(*layers).requires_grad_(requires_grad=False)


@pytest.mark.parametrize("steps", [2, 3, 4])
def test_strides_look_before_the_middle_of_their_cells(steps: int) -> None:
    """Cell ``i`` stands for pixels ``s i`` to ``s i + s - 1`` and looks at the first of them."""
    stride = 2**steps
    wanted = (stride - 1) / 2 / stride
    assert _measured(_strided(steps)) == pytest.approx((wanted, wanted), abs=0.06)


def test_weights_that_look_further_on_make_up_for_it() -> None:
    """At the last of four pixels the shift is as much to the other side, on its own axis."""
    rows, columns = _measured(_strided(2, row=2))
    assert rows == pytest.approx(-0.375, abs=0.06)
    assert columns == pytest.approx(0.375, abs=0.06)


def test_a_padding_of_one_side_adds_to_it() -> None:
    """Weights learnt with a padding at the end, used with one at both: as TensorFlow's are."""
    wanted = (4 - 1) / 2 / 4 + (1 + 2) / 4
    assert _measured(_strided(2, row=0, column=0)) == pytest.approx((wanted, wanted), abs=0.06)


def test_cells_that_look_at_their_middle_are_left_alone() -> None:
    assert _measured(nn.AvgPool2d(8)) == (0.0, 0.0)


def test_what_does_not_tell_is_left_alone() -> None:
    assert Registration().shift == (0.0, 0.0)
    registration = Registration()
    registration.add(*[torch.ones(3, 4, 4)] * 3)
    registration.add(*[torch.zeros(3, 1, 1)] * 3)
    assert registration.shift == (0.0, 0.0)
    noise = torch.randn(3, 8, 12, 12, generator=torch.Generator().manual_seed(0))
    registration = Registration()
    registration.add(*noise)
    assert registration.shift == (0.0, 0.0)


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (0.5, [0.5, 2.0, 5.0, 7.0]),
        (-0.5, [0.0, 0.5, 2.0, 5.0]),
        (1.25, [1.5, 4.0, 7.0, 7.0]),
        (-1.0, [0.0, 0.0, 1.0, 3.0]),
        (2.0, [3.0, 7.0, 7.0, 7.0]),
    ],
)
def test_moved_by_hand(cells: float, wanted: list[float]) -> None:
    """The row 0 1 3 7: a cell that looks half a cell before itself shows what lies after it."""
    row = torch.tensor([0.0, 1.0, 3.0, 7.0]).view(1, 1, 1, 4)
    torch.testing.assert_close(moved(row, (0.0, cells)), torch.tensor(wanted).view(1, 1, 1, 4))
    column = row.transpose(2, 3)
    torch.testing.assert_close(moved(column, (cells, 0.0)), torch.tensor(wanted).view(1, 1, 4, 1))


@given(
    rows=st.floats(-2, 2),
    columns=st.floats(-2, 2),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
)
def test_a_plane_moves_as_a_whole(rows: float, columns: float, height: int, width: int) -> None:
    """Linear mixing is exact on ``2 y + 3 x``, but for the border, which reaches out."""
    y, x = torch.meshgrid(torch.arange(height) + 0.0, torch.arange(width) + 0.0, indexing="ij")
    there = 2 * (y + rows).clamp(0, height - 1) + 3 * (x + columns).clamp(0, width - 1)
    torch.testing.assert_close(moved((2 * y + 3 * x)[None, None], (rows, columns))[0, 0], there)


def test_a_moved_map_meets_that_of_the_mirrored_picture() -> None:
    """What it is for: brought to its place, either lies where the other does."""
    layer, picture = _strided(3), _picture(9)
    upright, mirrored = layer(picture), layer(picture.flip(3)).flip(3)
    shift = _measured(layer)
    own = moved(upright, (0.0, shift[1]))
    other = moved(mirrored, (0.0, -shift[1]))
    before = float((upright - mirrored)[..., 1:-1].square().mean())
    after = float((own - other)[..., 1:-1].square().mean())
    assert after < 0.3 * before
