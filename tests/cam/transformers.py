"""Transformers small enough to compute by hand, and an independent account of a larger one."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class ByHand(nn.Module):
    """Tokens are the pixels of a 2 x 2 picture and a class token of zeros; attention of one head.

    Every query looks at token j in proportion to ``exp(first channel of j)``. No normalisation, no
    perceptron; values are the tokens themselves, or nothing where ``silent``.
    """

    def __init__(self, layers: int, *, silent: bool = False, pooled: bool = False) -> None:
        super().__init__()
        self.pooled = pooled
        self.stem = nn.Identity()
        self.attentions = nn.ModuleList(
            nn.MultiheadAttention(3, 1, batch_first=True) for _ in range(layers)
        )
        self.head = nn.Linear(3, 2, bias=False)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[0.0, 1.0, -1.0], [1.0, 1.0, 1.0]]))
            for attention in self.attentions:
                attention.in_proj_weight.zero_()
                attention.in_proj_weight[3:6] = torch.eye(3)
                attention.in_proj_weight[6:9] = torch.zeros(3, 3) if silent else torch.eye(3)
                attention.in_proj_bias.zero_()
                attention.in_proj_bias[0] = math.sqrt(3)
                attention.out_proj.weight.copy_(torch.eye(3))
                attention.out_proj.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.stem(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([torch.zeros_like(tokens[:, :1]), tokens], 1)
        for attention in self.attentions:
            tokens = tokens + attention(tokens, tokens, tokens, need_weights=False)[0]
        return self.head(tokens.mean(1) if self.pooled else tokens[:, 0])


class Block(nn.Module):
    """The block of a vision transformer, its attention called in one of the ways people do."""

    def __init__(self, *, batch_first: bool) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(8), nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=batch_first)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8), nn.Dropout())

    def forward(self, x: Tensor) -> Tensor:
        normal = self.ln_1(x)
        x = x + self.attention(normal, value=normal, key=normal, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class Vision(nn.Module):
    """A vision transformer over patches of 2 x 2 pixels."""

    def __init__(self, *, batch_first: bool = True, pooled: bool = False) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.pooled, self.batch_first = pooled, batch_first
        self.patches = nn.Conv2d(3, 8, 2, stride=2)
        self.token = nn.Parameter(torch.randn(1, 1, 8))
        self.blocks = nn.Sequential(*(Block(batch_first=batch_first) for _ in range(3)))
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 4)
        for name, parameter in self.named_parameters():
            if "bias" in name or "proj" in name:
                nn.init.normal_(parameter, std=0.5)

    def tokens(self, x: Tensor) -> Tensor:
        """What enters the first block, ``(batch, tokens, 8)``."""
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        return torch.cat([self.token.expand(tokens.shape[0], -1, -1), tokens], 1)

    def read(self, tokens: Tensor) -> Tensor:
        """The head: from tokens after a block to the logits."""
        tokens = self.norm(tokens)
        return self.head(tokens.mean(1) if self.pooled else tokens[:, 0])

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.tokens(x)
        if self.batch_first:
            return self.read(self.blocks(tokens))
        return self.read(self.blocks(tokens.transpose(0, 1)).transpose(0, 1))


def attention_of(block: Block, tokens: Tensor) -> Tensor:
    """The weights of a block's attention for ``(1, tokens, 8)``, as ``(heads, tokens, tokens)``."""
    query, key, _ = _projected(block, tokens)
    return torch.softmax(query @ key.transpose(1, 2) / math.sqrt(query.shape[-1]), -1)


def block_with(block: Block, tokens: Tensor, attention: Tensor) -> Tensor:
    """What a block returns when its attention has these weights."""
    value = _projected(block, tokens)[2]
    mixed = (attention @ value).transpose(0, 1).flatten(1)
    tokens = tokens + block.attention.out_proj(mixed)
    return tokens + block.mlp(block.ln_2(tokens))


def _projected(block: Block, tokens: Tensor) -> tuple[Tensor, ...]:
    projected = nn.functional.linear(
        block.ln_1(tokens)[0], block.attention.in_proj_weight, block.attention.in_proj_bias
    )
    return tuple(p.unflatten(-1, (2, -1)).transpose(0, 1) for p in projected.chunk(3, -1))


class Encoder(nn.Module):
    """torch's own transformer encoder, which computes by a path of its own where it can."""

    def __init__(self, *, norm_first: bool) -> None:
        super().__init__()
        torch.manual_seed(6)
        self.patches = nn.Conv2d(3, 8, 2, stride=2)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=norm_first)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(self.patches(x).flatten(2).transpose(1, 2)).mean(1))


class Shared(nn.Module):
    """One attention used by two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.once = ByHand(1)

    def forward(self, x: Tensor) -> Tensor:
        attention = self.once.attentions[0]
        tokens = self.once.stem(x).flatten(2).transpose(1, 2)
        for _ in range(2):
            tokens = tokens + attention(tokens, tokens, tokens, need_weights=False)[0]
        return self.once.head(tokens.mean(1))


class Cross(nn.Module):
    """Two learned queries look at the pixels: no self-attention."""

    def __init__(self) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(1, 2, 3))
        self.stem = nn.Conv2d(3, 3, 1)
        self.attention = nn.MultiheadAttention(3, 1, batch_first=True)
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        pixels = self.stem(x).flatten(2).transpose(1, 2)
        queries = self.queries.expand(pixels.shape[0], -1, -1)
        return self.head(self.attention(queries, pixels, pixels)[0].mean(1))
