"""Ablation-CAM: channels weighed by what the score loses without them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from camviewer.cam.layout import Axes
from camviewer.cam.methods.method import Partial
from camviewer.cam.methods.perturbation.batches import at_once, takes_batches
from camviewer.cam.split import Run
from camviewer.cam.targets import Target


def ablation_cam(run: Run, targets: Sequence[Target]) -> Iterator[Partial]:
    """Ablation-CAM (Desai & Ramaswamy 2020, section 3).

    ``w_k^c = (y^c - y_k^c) / |y^c|`` with ``y_k`` the score when channel ``k`` is zero everywhere,
    and ``M_c = sum_k w_k^c A_k``. The paper divides by ``y``, which it takes to be positive: a
    negative one would turn every sign, so that what speaks for the class seems to speak against
    it. The magnitude keeps the paper's meaning, the slope of the score along the channel. A score
    of exactly zero divides by one.

    Where the head is average pooling and one linear layer, ``y - y_k`` is the channel's share in
    the score, ``sum_xy dy/dA_k A_k(x, y)``, and nothing is run at all. Elsewhere the head alone
    runs, once for every channel that is not zero already, strongest first.

    Yields:
        maps, float ``(len(targets), rows, columns)``, unbounded; channels that are not known yet
        count as without influence.
    """
    grid = run.grid[0]
    whole = torch.stack([run.score(target).detach() for target in targets])[:, None]
    scale = torch.where(whole == 0, 1.0, whole.abs())
    gradients = run.channel_gradients(targets)
    if gradients is not None:
        weights = gradients * grid.sum((1, 2)) / scale
        yield Partial(torch.einsum("tk,khw->thw", weights, grid), 1.0)
        return
    energy = grid.square().sum((1, 2))
    order = energy.argsort(descending=True, stable=True)[: max(1, int((energy > 0).sum()))]
    size = at_once(run) if takes_batches(run.head, run.activation.detach()) else 1
    weights = grid.new_zeros(len(targets), len(grid))
    for start in range(0, len(order), size):
        channels = order[start : start + size]
        weights[:, channels] = (
            whole - run.of_activations(_without(run, channels), targets)
        ) / scale
        done = min(start + size, len(order)) / len(order)
        yield Partial(torch.einsum("tk,khw->thw", weights, grid), done)


def replays_head(run: Run) -> str:
    """An obstacle unless the network can be run from the target layer on."""
    if isinstance(run.network, torch.jit.ScriptModule):
        return (
            "It runs the network again from the target layer on, which a TorchScript program does "
            "not allow."
        )
    return ""


def _without(run: Run, channels: Tensor) -> Tensor:
    """The activation once for each of some channels, with that channel zero in every cell."""
    layout = run.layer.layout
    batch = run.activation.detach().expand(len(channels), *run.activation.shape[1:]).clone()
    by_channel = batch if layout.axes is Axes.CHANNELS_FIRST else batch.movedim(-1, 1)
    cells = by_channel[:, :, layout.prefix :] if layout.axes is Axes.TOKENS else by_channel
    cells[torch.arange(len(channels), device=batch.device), channels] = 0
    return batch
