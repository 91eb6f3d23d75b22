"""Methods that look at every layer of the network at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from camviewer.cam.layout import layout_of
from camviewer.cam.methods.method import Family, Method, at_once
from camviewer.cam.split import Run
from camviewer.cam.split.hooked import hooked, with_embedding
from camviewer.cam.targets import Reading, Target
from camviewer.errors import MethodError
from camviewer.types import Size

_OF_TOKENS = 3  # axes of a term


@dataclass(frozen=True, eq=False)
class FullGradient:
    """A score, divided up into what the picture and what every bias contributes.

    Where the network is piecewise linear (ReLU, max pooling) and normalises with fixed statistics,
    the sum over all terms is the score, but for a constant of the target's own.

    Attributes:
        picture: ``picture * dS / dpicture``, float ``(1, 3, height, width)``.
        biases: of each layer with biases, in the order of their execution, ``bias * dS / dbias``
            before it is summed over places: float ``(1, channels)``, ``(1, channels, tokens)`` or
            ``(1, channels, rows, columns)``.
    """

    picture: Tensor
    biases: tuple[Tensor, ...]


def full_gradients(run: Run, targets: Sequence[Target]) -> list[FullGradient]:
    """The full-gradient decomposition (Srinivas and Fleuret 2019, proposition 1).

    Biases are those of convolutions and linear layers, and the implicit ones of batch
    normalisation, ``beta - gamma * mean / sqrt(variance + eps)``.

    Raises:
        MethodError: if a score does not depend on the picture, or a target reads an embedding that
            the network does not show.
    """
    biases = {m: bias for m in run.network.modules() if (bias := _bias(m)) is not None}
    seen: list[tuple[nn.Module, Tensor]] = []

    def note(module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
        seen.append((module, output))
        return output.clone()  # the layer may be followed by an in-place operation

    picture = run.picture.detach().clone().requires_grad_()
    with hooked([(m, note) for m in biases]), torch.enable_grad():
        logits, embedding = with_embedding(run.network, picture.clone())
    found = []
    for target in targets:
        read = logits if target.reads is Reading.LOGITS else embedding
        if read is None:
            raise MethodError("This network does not end in one linear layer: no embedding.")
        whole, *parts = _gradients(target.score(read)[0], [picture, *(o for _, o in seen)])
        if whole is None:
            raise MethodError("The scores do not depend on the picture.")
        terms = tuple(
            _term(module, biases[module], part)
            for (module, _), part in zip(seen, parts, strict=True)
            if part is not None
        )
        found.append(FullGradient((whole * picture).detach(), terms))
    return found


def full_grad(run: Run, targets: Sequence[Target]) -> Tensor:
    """FullGrad (Srinivas and Fleuret 2019, equations 8 and 10).

    ``M = psi(picture * dS/dpicture) + sum_layers sum_channels psi(bias * dS/dbias)`` with
    ``psi = upsample(rescale(|.|))``. As in the authors' own program a layer's channels are rescaled
    to [0, 1] together: one by one, a channel without influence would count as much as any other.
    Upsampling is bilinear, with the cells' centres where they lie in the picture. Layers without
    rows and columns, such as the last one, have no place in the map.

    Returns:
        float ``(len(targets), height, width)`` of the network's input, zero or more.

    Raises:
        MethodError: see `full_gradients`.
    """
    size = (run.picture.shape[2], run.picture.shape[3])
    return torch.stack([_map(full, size) for full in full_gradients(run, targets)])


def _map(full: FullGradient, size: Size) -> Tensor:
    total = _rescaled(full.picture)
    for term in full.biases:
        grid = _grid(term, size)
        if grid is not None and grid.shape[2] * grid.shape[3] > 1:
            total = total + nn.functional.interpolate(_rescaled(grid), size, mode="bilinear")
    return total[0, 0]


def _rescaled(terms: Tensor) -> Tensor:
    """The absolute values brought to [0, 1], then summed over channels: ``(1, 1, rows, columns)``.

    All zero where all are alike.
    """
    terms = terms.abs()
    terms = terms - terms.min()
    top = terms.max()
    return (terms / top if top > 0 else terms).sum(1, keepdim=True)


def _grid(term: Tensor, size: Size) -> Tensor | None:
    """The term as ``(1, channels, rows, columns)``; None where it has no places."""
    if term.ndim != _OF_TOKENS:
        return term if term.ndim > _OF_TOKENS else None
    shape = (1, term.shape[2], term.shape[1])
    layout = layout_of(shape, size)
    if layout is None:
        return None
    return layout.grid(term.transpose(1, 2), layout.cells(shape, size))


def _bias(module: nn.Module) -> Tensor | None:
    """What a layer adds to each of its channels; None for a layer that adds nothing."""
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        return module.bias
    if not isinstance(module, _BatchNorm) or module.running_mean is None:
        return None
    variance = module.running_var
    if variance is None:
        return None
    scale = torch.rsqrt(variance + module.eps)
    if module.affine:
        return module.bias - module.weight * module.running_mean * scale
    return -module.running_mean * scale


def _term(module: nn.Module, bias: Tensor, gradient: Tensor) -> Tensor:
    """The bias times the gradient of the layer's output, channels before places."""
    if isinstance(module, nn.Linear):
        gradient = gradient.movedim(-1, 1)
    return bias.view(1, -1, *[1] * (gradient.ndim - 2)) * gradient


def _gradients(score: Tensor, of: Sequence[Tensor]) -> Sequence[Tensor | None]:
    # what a layer makes of constants, such as position biases, has no gradient
    varying = [output for output in of if output.requires_grad]
    try:
        found = iter(torch.autograd.grad(score, varying, retain_graph=True, allow_unused=True))
    except RuntimeError as error:
        if "modified by an inplace operation" not in str(error):
            raise
        raise MethodError(
            "The network overwrites what the gradient needs (an in-place operation). Use grad-cam "
            "at a late layer."
        ) from error
    return [next(found) if output.requires_grad else None for output in of]


def _shows_layers(run: Run) -> str:
    if isinstance(run.network, torch.jit.ScriptModule):
        return "It needs to see every layer, which TorchScript hides."
    if not any(_bias(module) is not None for module in run.network.modules()):
        return "It needs layers with biases; this network shows none."
    return ""


METHODS = (
    Method(
        name="full-grad",
        title="FullGrad",
        family=Family.WHOLE_NETWORK,
        summary="What the picture and every layer's biases contribute to the score, at the "
        "picture's own resolution.",
        paper="Srinivas and Fleuret 2019, Full-Gradient Representation for Neural Network "
        "Visualization",
        steps=at_once(full_grad),
        obstacle=_shows_layers,
        layered=False,
    ),
)
