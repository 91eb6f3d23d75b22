"""Score-CAM and its kin: channels weighed by the score of the picture seen through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from camviewer.cam.methods.method import Partial
from camviewer.cam.methods.perturbation.batches import prepare
from camviewer.cam.split import Run
from camviewer.cam.targets import Target
from camviewer.types import Size

_ROUNDING = 1e-6  # of a channel's largest value: a smaller spread is no structure
_SEED = 0

Variant = Callable[[Tensor], Tensor]


def score_cam(run: Run, targets: Sequence[Target]) -> Iterator[Partial]:
    """Score-CAM (Wang et al. 2020, algorithm 1).

    ``H_k = s(U(A_k))`` with ``U`` the bilinear enlargement to the picture's size and ``s`` the
    scaling to [0, 1]; ``alpha_k^c = softmax_k(y^c(X * H_k) - y^c(0))`` with ``y`` the logits;
    ``M_c = sum_k alpha_k^c A_k``. The score of the empty picture cancels in the softmax.

    Channels are taken strongest first, channels with the same mask share one forward pass, and
    those without structure share that of the empty picture: the result is the paper's.

    Yields:
        maps, float ``(len(targets), rows, columns)``, unbounded; while channels are missing, the
        softmax is over those that are known.
    """
    return _weighed(run, targets, [lambda masks: masks])


def ss_cam(
    run: Run, targets: Sequence[Target], samples: int = 10, deviation: float = 2.0
) -> Iterator[Partial]:
    """SS-CAM, smoothed Score-CAM (Wang, Naidu et al. 2020, algorithm 1: noise on the masks).

    ``alpha_k^c = softmax_k(1/N sum_i y^c(X * (H_k + d_i)))`` with ``d_i`` normal noise per pixel.
    The noise is seeded, and the same for all channels, so that channels are compared by what they
    show and not by their luck.

    Args:
        samples: N, the paper's 10.
        deviation: of the noise, the paper's 2.

    Yields:
        as `score_cam`.
    """
    size = run.picture.shape[2:]

    def noisy(sample: int) -> Variant:
        generator = torch.Generator().manual_seed(_SEED + sample)
        noise = torch.randn(1, 1, *size, generator=generator).to(run.picture) * deviation
        return lambda masks: masks + noise

    return _weighed(run, targets, [noisy(sample) for sample in range(samples)])


def is_cam(run: Run, targets: Sequence[Target], steps: int = 10) -> Iterator[Partial]:
    """IS-CAM, integrated Score-CAM (Naidu et al. 2020, algorithm 1).

    ``alpha_k^c = softmax_k(1/N sum_i y^c(M_i))`` with ``M_i = sum_(j <= i) j/N  X * H_k``: the
    masked picture from nearly black to overexposed, ``i (i + 1) / 2N`` times as bright. The passes
    run from the natural brightness outwards, so that the first is Score-CAM's.

    Args:
        steps: N, the paper's 10.

    Yields:
        as `score_cam`.
    """
    brightness = sorted((i * (i + 1) / (2 * steps) for i in range(1, steps + 1)), key=_from_one)

    def times(factor: float) -> Variant:
        return lambda masks: masks * factor

    return _weighed(run, targets, [times(factor) for factor in brightness])


def _from_one(factor: float) -> float:
    return abs(factor - 1)


def enlarged(units: Tensor, size: Size) -> Tensor:
    """Masks of the picture's size.

    Args:
        units: float ``(masks, rows, columns)``.
        size: of the picture, ``(height, width)``.

    Returns:
        float ``(masks, 1, height, width)`` in [0, 1], each from 0 to 1; zero where constant.
    """
    large = F.interpolate(units[:, None], size, mode="bilinear", align_corners=False)
    low, high = large.amin((2, 3), keepdim=True), large.amax((2, 3), keepdim=True)
    return (large - low) / (high - low).clamp_min(torch.finfo(large.dtype).tiny)


@dataclass(frozen=True, eq=False)
class _Masks:
    """The different masks of a layer, strongest first.

    Attributes:
        units: float ``(masks, rows, columns)``, each from 0 to 1, or all 0.
        of_channel: int64 ``(channels,)``, which of them is a channel's.
    """

    units: Tensor
    of_channel: Tensor


def _masks(grid: Tensor) -> _Masks:
    channels = grid.flatten(1).cpu()
    low, high = channels.amin(1, keepdim=True), channels.amax(1, keepdim=True)
    flat = (high - low) <= _ROUNDING * channels.abs().amax(1, keepdim=True)
    spread = torch.where(flat, 1.0, high - low)
    units = torch.where(flat, 0.0, (channels - low) / spread)
    different, of_channel = torch.unique(units, dim=0, return_inverse=True)
    energy = channels.sub(channels.mean(1, keepdim=True)).square().sum(1)
    strongest = energy.new_zeros(len(different)).scatter_reduce(0, of_channel, energy, "amax")
    order = strongest.argsort(descending=True, stable=True)
    return _Masks(
        units=different[order].view(-1, *grid.shape[1:]).to(grid.device),
        of_channel=order.argsort()[of_channel].to(grid.device),
    )


def _weighed(run: Run, targets: Sequence[Target], variants: Sequence[Variant]) -> Iterator[Partial]:
    """Channels weighed by the softmax of the mean score over the variants of their masks."""
    grid = run.grid[0]
    masks = _masks(grid)
    prepared = prepare(run)
    size = (run.picture.shape[2], run.picture.shape[3])
    total = grid.new_zeros(len(targets), len(masks.units))
    times = grid.new_zeros(len(masks.units))
    for number, variant in enumerate(variants):
        for start in range(0, len(masks.units), prepared.at_once):
            some = slice(start, start + prepared.at_once)
            pictures = variant(enlarged(masks.units[some], size)) * run.picture
            total[:, some] += prepared.run.of_pictures(pictures, targets)
            times[some] += 1
            unknown = torch.where(times > 0, 0.0, -torch.inf)
            scores = total / times.clamp_min(1) + unknown
            weights = torch.softmax(scores[:, masks.of_channel], 1)
            known = number + min(some.stop, len(times)) / len(times)
            yield Partial(torch.einsum("tk,khw->thw", weights, grid), known / len(variants))
