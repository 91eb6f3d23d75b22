"""Networks small enough to compute by hand, and odd ones."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Gap(nn.Module):
    """ReLU of the picture itself, average pooling, one linear layer with three classes."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Identity(), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(3, 3)
        with torch.no_grad():
            self.fc.weight.copy_(torch.tensor([[1.0, 2.0, 0.0], [0.0, -1.0, 4.0], [0.5, 0.5, 0.5]]))
            self.fc.bias.copy_(torch.tensor([0.25, -0.5, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(self.pool(self.features(x)), 1))


class Flat(nn.Module):
    """A linear layer over every place of a 2 x 2 picture: the head is not pooled."""

    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.fc = nn.Linear(12, 2, bias=False)
        with torch.no_grad():
            self.fc.weight.copy_(torch.arange(24.0).view(2, 12))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.relu(x).flatten(1))


class Residual(nn.Module):
    """In-place ReLUs, one of them right after a convolution, and a skip connection."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.fc = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.conv(x)
        y = self.relu(y)
        y = y + x
        y = self.relu(y)
        return self.fc(y.mean((2, 3)))


class Overwriting(Residual):
    """Overwrites what its own gradient needs: it can be run, but not differentiated."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.relu(self.conv(x))
        y += x
        return self.fc(y.mean((2, 3)))


class Branching(nn.Module):
    """Control flow on values: torch.fx cannot follow it."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Residual()

    def forward(self, x: Tensor) -> Tensor:
        if float(x.sum()) > 1e9:
            return self.inner(-x)
        return self.inner(x)


class Scores(NamedTuple):
    features: Tensor
    logits: Tensor


class Returning(nn.Module):
    """Returns its logits wrapped in something."""

    def __init__(self, wrapping: str) -> None:
        super().__init__()
        self.inner = Residual()
        self.wrapping = wrapping

    def forward(self, x: Tensor) -> object:
        logits = self.inner(x)
        if self.wrapping == "tuple":
            return logits, x
        if self.wrapping == "dict":
            return {"features": x.mean((2, 3)), "logits": logits}
        if self.wrapping == "named":
            return Scores(x, logits)
        return {"a": logits, "b": logits}


class ClassToken(nn.Module):
    """One attention block with a class token, as in ViT, over patches of 2 x 2 pixels."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.patches = nn.Conv2d(3, 8, 2, stride=2)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.ln_1 = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.ln_2 = nn.LayerNorm(8)
        self.mlp = nn.Linear(8, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(tokens.shape[0], -1, -1), tokens], 1)
        normal = self.ln_1(tokens)
        attended, _ = self.attention(normal, normal, normal, need_weights=False)
        tokens = tokens + attended
        tokens = tokens + self.mlp(self.ln_2(tokens))
        return self.head(tokens[:, 0])


class ChannelsLast(nn.Module):
    """Channels last up to a permutation before the pooling, as in Swin."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.embed = nn.Conv2d(3, 6, 2, stride=2)
        self.norm = nn.LayerNorm(6)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.embed(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.head(torch.flatten(self.pool(x), 1))


def frozen(network: nn.Module) -> nn.Module:
    """The network as a Classifier holds it: evaluation mode, no parameter requiring gradients."""
    return network.eval().requires_grad_(requires_grad=False)
