"""Weight files as people save them, made once for all tests."""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from camviewer.models import zoo

SMALL = "shufflenet_v2_x0_5"  # the smallest state_dict with BatchNorm and a linear head
CLASSES = 5

StateDict = dict[str, Tensor]


class TinyNet(nn.Module):
    """Convolution, BatchNorm, pooling and a linear layer: no network of torchvision."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.bn = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, 3, H, W) to (N, 5)."""
        return self.fc(torch.relu(self.bn(self.conv(x))).mean((2, 3)))  # type: ignore[no-any-return]


@cache
def small_network() -> nn.Module:
    """`SMALL` with five classes and random weights; not to be changed."""
    torch.manual_seed(0)
    return zoo.build(SMALL, CLASSES).eval()


def small_state() -> StateDict:
    """A copy of its weights."""
    return {key: tensor.clone() for key, tensor in small_network().state_dict().items()}


def with_prefix(prefix: str, state: StateDict) -> StateDict:
    return {prefix + key: tensor for key, tensor in state.items()}


def save(value: Any, path: Path, *, legacy: bool = False) -> Path:
    """Save with torch.save, as a zip archive or as before PyTorch 1.6."""
    torch.save(value, path, _use_new_zipfile_serialization=not legacy)
    return path


@contextlib.contextmanager
def deprecated() -> Iterator[None]:
    """TorchScript is deprecated, which its files do not care about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def save_script(network: nn.Module, path: Path) -> Path:
    with deprecated():
        torch.jit.save(torch.jit.script(network.eval()), str(path))
    return path


def save_trace(network: nn.Module, path: Path, side: int = 16) -> Path:
    with deprecated():
        traced = torch.jit.trace(network.eval(), torch.rand(1, 3, side, side))  # type: ignore[no-untyped-call]
        torch.jit.save(traced, str(path))
    return path


def save_exported(
    network: nn.Module, path: Path, shape: tuple[int, ...] = (1, 3, 16, 16), dynamic: Any = None
) -> Path:
    program = torch.export.export(network.eval(), (torch.rand(shape),), dynamic_shapes=dynamic)
    torch.export.save(program, path)
    return path


def same_output(first: Callable[[Tensor], Tensor], second: Callable[[Tensor], Tensor]) -> bool:
    """Whether two networks agree on a random picture of 64 x 64."""
    x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return torch.equal(first(x), second(x))
