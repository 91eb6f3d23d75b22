"""Networks of clips, small enough to compute by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn

WEIGHT = torch.tensor([[1.0, 2.0, 0.0], [0.0, -1.0, 4.0], [0.5, 0.5, 0.5]])
BIAS = torch.tensor([0.25, -0.5, 0.0])


def known_layer() -> nn.Linear:
    layer = nn.Linear(3, 3)
    with torch.no_grad():
        layer.weight.copy_(WEIGHT)
        layer.bias.copy_(BIAS)
    return layer


class Gap3d(nn.Module):
    """ReLU of the clip itself, average pooling over time and space, one linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Identity(), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool3d((1, 1, 1))
        self.fc = known_layer()

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(self.pool(self.features(x)), 1))


class Means3d(Gap3d):
    """The same, pooled by a mean."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.features(x).mean((-1, -2, -3)))


class ChannelsLast3d(Gap3d):
    """The same with the channels last, as in Video Swin: permuted back before the pooling."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x.permute(0, 2, 3, 4, 1))
        return self.fc(torch.flatten(self.pool(x.permute(0, 4, 1, 2, 3)), 1))


class Sliding(nn.Module):
    """Averages over a sliding window, then classifies each place, as S3D."""

    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.pool = nn.AvgPool3d((2, 2, 2), stride=1)
        self.classify = nn.Conv3d(3, 3, 1)
        with torch.no_grad():
            self.classify.weight.copy_(WEIGHT[:, :, None, None, None])
            self.classify.bias.copy_(BIAS)

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.pool(self.relu(x))).mean((2, 3, 4))


class Strided(nn.Module):
    """Convolutions that halve time and space, with a skip connection and a curved head."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.stem = nn.Conv3d(3, 4, 3, stride=2, padding=1)
        self.conv = nn.Conv3d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.hidden = nn.Linear(4, 6)
        self.fc = nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = self.relu(self.conv(x) + x)
        return self.fc(torch.tanh(self.hidden(x.mean((2, 3, 4)))))


class Branching3d(Strided):
    """Control flow on values: torch.fx cannot follow it."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(-x if float(x.sum()) > 1e9 else x)


class ClassToken3d(nn.Module):
    """One attention block with a class token, as in MViT, over 2 frames of 2 x 2 pixels each."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.patches = nn.Conv3d(3, 8, 2, stride=2)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.ln_1 = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.ln_2 = nn.LayerNorm(8)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1)
        y = self.ln_1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return self.head(self.ln_2(x)[:, 0])
