"""The parts of a network in order of depth, found without knowing the network."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from camviewer.errors import ModelError

_STAGES = 4  # below the head; about what lies between two halvings of the grid


def stages(network: nn.Module) -> tuple[tuple[str, ...], ...]:
    """The names of a network's parameters by depth, the first layers first.

    Layers count in the order in which the network names them. At most four stages of about as many
    layers each are cut between blocks, so that ResNet's stages are its own; the last stage is the
    head alone.

    Raises:
        ModelError: if the network does not end in a linear layer or 1x1 convolution.
    """
    head = head_name(network)
    own = {name: _own(module, name) for name, module in network.named_modules() if name != head}
    own = {name: names for name, names in own.items() if names}
    blocks = _blocks(network, "", len(own) / _STAGES)
    members: dict[str, list[str]] = {block: [] for block in blocks}
    for name in own:
        members[_block_of(name, blocks)].append(name)
    cut: list[list[str]] = [[] for _ in range(_STAGES)]
    before, stage = 0, 0
    for block, layers in members.items():
        # the scales after a convolution go with it
        if layers and not _only_scales(network.get_submodule(block)):
            stage = int((before + len(layers) / 2) / len(own) * _STAGES)
        before += len(layers)
        cut[stage].extend(key for name in layers for key in own[name])
    of_head = _own(network.get_submodule(head), head)
    return (*(tuple(names) for names in cut if names), tuple(of_head))


def fresh_head(network: nn.Module, classes: int) -> nn.Module:
    """A copy of a network with a new head of zeros, which takes all classes for equally likely.

    Args:
        network: left as it is.
        classes: number of logits.

    Raises:
        ModelError: if the network does not end in a linear layer or 1x1 convolution.
    """
    made = copy.deepcopy(network)
    name = head_name(made)
    old: Any = made.get_submodule(name)  # one of the two, as head_name says
    is_linear = isinstance(old, nn.Linear)
    new = (
        nn.Linear(old.in_features, classes) if is_linear else nn.Conv2d(old.in_channels, classes, 1)
    )
    for parameter in new.parameters():
        nn.init.zeros_(parameter)
    parent, _, child = name.rpartition(".")
    setattr(made.get_submodule(parent), child, new)
    return made.eval()


def head_name(network: nn.Module) -> str:
    """The dotted name of the last layer.

    Raises:
        ModelError: if it is no linear layer or 1x1 convolution.
    """
    last: list[str] = [name for name, module in network.named_modules() if _own(module, name)][-1:]
    for name in last:
        module = network.get_submodule(name)
        plain = isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1)
        if plain or isinstance(module, nn.Linear):
            return name
    raise ModelError(
        f"{type(network).__name__} does not end in a linear layer, so that it cannot be taught "
        "other classes. Choose a network of the catalogue."
    )


def normalisers(network: nn.Module) -> tuple[nn.Module, ...]:
    """Layers that keep statistics of the pictures."""
    return tuple(module for module in network.modules() if isinstance(module, _BatchNorm))


def _own(module: nn.Module, name: str) -> list[str]:
    prefix = f"{name}." if name else ""
    return [prefix + key for key, _ in module.named_parameters(recurse=False)]


def _blocks(module: nn.Module, name: str, largest: float) -> list[str]:
    """What is not cut: parts of at most so many layers, but for single ones."""
    layers = sum(1 for part in module.modules() if _own(part, ""))
    children = [(key, child) for key, child in module.named_children() if _learns(child)]
    if layers <= largest or not children:
        return [name]
    prefix = f"{name}." if name else ""
    return [block for key, child in children for block in _blocks(child, prefix + key, largest)]


def _only_scales(module: nn.Module) -> bool:
    return all(parameter.ndim <= 1 for parameter in module.parameters())


def _learns(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None


def _block_of(name: str, blocks: list[str]) -> str:
    """Which block a layer belongs to; numbers that stand beside the blocks go with the first."""
    inside = [block for block in blocks if name == block or name.startswith(f"{block}.")]
    return inside[0] if inside else blocks[0]
