"""The model randomisation check: a map that does not care what the network learnt explains nothing.

Adebayo et al. 2018, Sanity Checks for Saliency Maps, section 3.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from camviewer.errors import MethodError
from camviewer.inspector import Inspector, Request, inspector_for
from camviewer.models.classifier import Classifier
from camviewer.types import Frame, Map

STAGES = 8
_EAGER = "eager"  # an export of random weights would be used once
# of a new network: other normalisations and biases would drown what a random network computes
_NEW = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}


@dataclass(frozen=True)
class Stage:
    """How much of a map is left when the network's top is random.

    Attributes:
        module: everything from this module up to the scores is random.
        similarity: of the maps, in [-1, 1], averaged over pictures; see `rank_correlation`.
        done: share of the stages that are done, in (0, 1].
    """

    module: str
    similarity: float
    done: float


def randomisation_check(
    classifier: Classifier,
    frames: Sequence[Frame],
    request: Request | None = None,
    *,
    device: str = "cpu",
    stages: int = STAGES,
    seed: int = 0,
) -> Iterator[Stage]:
    """Make the network random from the head down and compare each map with the first one.

    Weights with several axes are drawn as for a new network (He et al. 2015), and normalisations
    with their running statistics and biases are a new network's; other numbers are permuted. All of
    it happens in a copy; the classifier's network stays as it is.

    Args:
        classifier: the network.
        frames: pictures, at least one.
        request: method, layer, fit and input size. Of several classes the first one is looked at;
            without any, the most probable one of the intact network, picture by picture.
        device: where to run.
        stages: at most how many; the first one is the last module alone, the last the whole
            network.
        seed: of the random numbers.

    Yields:
        A stage each, from the head down.

    Raises:
        MethodError: if the network has no weights, or the method cannot serve it.
    """
    # what is kept under the hash of the weights does not belong to the random ones
    copied = replace(classifier, network=copy.deepcopy(classifier.network), weights_sha256="")
    modules = _modules(copied.network)
    if not modules:
        raise MethodError(f"{classifier.name} has no weights that could be made random.")
    inspector = inspector_for(copied, device, _EAGER)
    requests = [_about_one_class(inspector, frame, request or Request()) for frame in frames]
    intact = _maps(inspector, frames, requests)
    generator = torch.Generator().manual_seed(seed)
    parts = _parts(modules, stages)
    for number, part in enumerate(parts, 1):
        for _, module in part:
            _randomise(module, generator)
        # opened anew: a device has its own copy, and the last picture's run is kept
        maps = _maps(inspector_for(copied, device, _EAGER), frames, requests)
        alike = [rank_correlation(now, then) for now, then in zip(maps, intact, strict=True)]
        yield Stage(part[-1][0], float(np.mean(alike)), number / len(parts))


def rank_correlation(one: Map, other: Map) -> float:
    """Spearman's rank correlation of two raw maps, in [-1, 1]; 0 where one of them is flat.

    Equal values share the mean of their ranks. 1 means that the maps order the places alike.
    """
    a, b = (_ranks(values) - (values.size - 1) / 2 for values in (one, other))
    spread = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / spread if spread > 0 else 0.0


def _ranks(values: Map) -> NDArray[np.float64]:
    _, place, count = np.unique(np.nan_to_num(values), return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(count) - (count + 1) / 2)[place.ravel()]
    return ranks


def _about_one_class(inspector: Inspector, frame: Frame, request: Request) -> Request:
    if request.targets:
        return replace(request, targets=request.targets[:1])
    return replace(request, targets=inspector.inspect(frame, Request(top=1)).ranking[:1])


def _maps(inspector: Inspector, frames: Sequence[Frame], requests: Sequence[Request]) -> list[Map]:
    return [
        inspector.inspect(frame, request).explanations[0].heatmap.values
        for frame, request in zip(frames, requests, strict=True)
    ]


def _modules(network: nn.Module) -> list[tuple[str, nn.Module]]:
    """Modules with weights of their own, the last one first."""
    owning = [
        (n, m) for n, m in network.named_modules() if any(True for _ in m.parameters(recurse=False))
    ]
    return owning[::-1]


def _parts(modules: list[tuple[str, nn.Module]], stages: int) -> list[list[tuple[str, nn.Module]]]:
    """The last module, and the others in about equal parts."""
    rest = modules[1:]
    count = min(max(stages - 1, 1), len(rest))
    cuts = [round(i * len(rest) / count) for i in range(count + 1)] if count else [0]
    return [modules[:1], *(rest[a:b] for a, b in pairwise(cuts))]


def _randomise(module: nn.Module, generator: torch.Generator) -> None:
    with torch.no_grad():
        for name, parameter in module.named_parameters(recurse=False):
            parameter.copy_(_drawn(name, parameter, generator))
        for name, buffer in module.named_buffers(recurse=False):
            if name in _NEW:
                buffer.fill_(_NEW[name])


def _drawn(name: str, weights: Tensor, generator: torch.Generator) -> Tensor:
    if weights.ndim > 1:
        spread = math.sqrt(2 / weights[0].numel())
        return torch.randn(weights.shape, generator=generator) * spread
    if name in _NEW:
        return torch.full(weights.shape, _NEW[name])
    return weights.flatten()[torch.randperm(weights.numel(), generator=generator)]
