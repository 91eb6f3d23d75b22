"""Methods that look at the attention of transformer networks.

They serve networks built of ``nn.MultiheadAttention`` over tokens that are cells of the picture,
with or without tokens beside them (torchvision's vision transformers, open_clip's, others).
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from camviewer.cam.layout import Axes, Layout, layout_of
from camviewer.cam.methods.method import Family, Method, at_once
from camviewer.cam.split import Run
from camviewer.cam.split.hooked import hooked, with_embedding
from camviewer.cam.targets import Reading, Target
from camviewer.errors import MethodError
from camviewer.models.classifier import as_logits

_TOLERANCE = 1e-3  # of the largest logit: attention computed step by step rounds in another way


def attention_rollout(run: Run, targets: Sequence[Target]) -> Tensor:
    """Attention rollout (Abnar and Zuidema 2020, equation 1).

    ``R = A'_L ... A'_2 A'_1`` with ``A'_l = (A_l + I) / 2``, where ``A_l`` is the mean over the
    heads of layer l's attention and the identity stands for the residual connection. The map is
    the row of ``R`` of the token that the head reads: the class token; the mean of the rows where
    the head pools several tokens. It shows where information comes from and knows of no class: all
    targets get the same map.

    Returns:
        float ``(len(targets), rows, columns)`` in [0, 1].

    Raises:
        MethodError: if the attention is not one between the cells of the picture in every layer.
    """
    rollout: list[Tensor] = []
    outputs: list[Tensor] = []

    def follow(_module: nn.Module, _inputs: Any, output: tuple[Tensor, Tensor]) -> Any:
        attention = _square(output[1]).detach()[0].mean(0)
        mixed = (attention + torch.eye(len(attention)).to(attention)) / 2
        rollout[:] = [mixed @ rollout[0] if rollout else mixed]
        # a leaf, so that the tokens that the head reads show by their gradients
        outputs[:] = [output[0].detach().requires_grad_()]
        return outputs[0], output[1]

    attentions = _attentions(run.network)
    with (
        hooked([(m, follow) for m in attentions], [(m, _explicitly) for m in attentions]),
        torch.enable_grad(),
    ):
        logits = as_logits(run.network(run.picture))
    if not rollout:
        raise MethodError(_UNUSED)
    # no sum of logits that a softmax or a normalisation could keep constant
    weights = torch.linspace(1, 2, logits.shape[1]).to(logits)
    (gradient,) = torch.autograd.grad((logits * weights).sum(), outputs[0])
    read = gradient.flatten(0, 1).abs().sum(1) > 0  # whichever axis is the batch of one
    if not read.any():
        raise MethodError("The scores do not depend on the attention. Use grad-cam.")
    relevance = rollout[0][read].mean(0)
    layout, cells = _grid_of(run, len(relevance))
    return relevance[layout.prefix :].view(1, *cells).expand(len(targets), -1, -1).clone()


def legrad(run: Run, targets: Sequence[Target]) -> Tensor:
    """LeGrad (Bousselham et al. 2024, section 3).

    ``M_j = 1/L sum_l 1/(h n) sum_heads sum_i relu(ds_l / dA_l[head, i, j])`` over L layers with
    attention ``A_l`` of h heads between n tokens, for the cells j of the picture. ``s_l`` is the
    target's score of what layer l knows: the network's own head (normalisation, pooling, linear
    layer) applied to the tokens after layer l. It is got from the network by leaving out all later
    attentions and perceptrons, so that the residual connections alone carry the tokens to the
    head. (The authors' program pools the tokens by their mean even where the network reads its
    class token, and by default looks at the last two layers only.)

    Returns:
        float ``(len(targets), rows, columns)``, zero or more.

    Raises:
        MethodError: if the attention is not one between the cells of the picture in every layer.
    """
    logits, blocks = _blocks(run)
    layers = _Layers(blocks)
    copies = run.picture.expand(len(blocks), -1, -1, -1)
    try:
        with torch.enable_grad(), layers.apart():
            outputs, embedding = with_embedding(run.network, copies)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        raise MethodError(
            "LeGrad shows the network one copy of the picture per layer at once, and this network "
            "takes one picture at a time. Use attention-rollout or grad-cam."
        ) from error
    if not _close(outputs[-1:], logits):
        raise MethodError("LeGrad could not follow the attention of this network. Use grad-cam.")
    maps = []
    for target in targets:
        read = outputs if target.reads is Reading.LOGITS else embedding
        if read is None:
            raise MethodError("This network does not end in one linear layer: no embedding.")
        gradients = torch.autograd.grad(
            target.score(read).sum(), layers.attention, retain_graph=True, allow_unused=True
        )
        relevance = [g.relu().mean((0, 1, 2)) for g in gradients if g is not None]
        maps.append(sum(relevance, torch.zeros(blocks[0].tokens).to(logits)) / len(blocks))
    layout, cells = _grid_of(run, blocks[0].tokens)
    return torch.stack(maps)[:, layout.prefix :].reshape(-1, *cells)


@dataclass(frozen=True, eq=False)
class _Block:
    """An attention and the perceptron that follows it.

    Attributes:
        attention: the module.
        tokens: how many there are.
        perceptron: its linear layers in order; the last one's output joins the tokens.
    """

    attention: nn.MultiheadAttention
    tokens: int
    perceptron: list[nn.Linear]

    @property
    def batch_axis(self) -> int:
        return 0 if self.attention.batch_first else 1


class _Layers:
    """Runs L copies of a picture through L blocks, the l-th of them through the first l only.

    Up to block l all copies from the l-th on are the same: block l is computed once, for copy l,
    and its result handed to them. Only copy l leads gradients back to the attention of block l.
    """

    def __init__(self, blocks: Sequence[_Block]) -> None:
        self.attention: list[Tensor] = []  # of each block, a leaf (1, heads, tokens, tokens)
        self._blocks = blocks

    def apart(self) -> Any:
        """A context within which the network treats the pictures of a batch in this way."""
        before: list[Any] = []
        after: list[Any] = []
        for number, block in enumerate(self._blocks):
            before.append((block.attention, self._entering(number, _explicitly)))
            after.append((block.attention, self._attending(number)))
            before += [(m, self._entering(number)) for m in block.perceptron]
            after += [(m, self._leaving(number)) for m in block.perceptron[-1:]]
        return hooked(after, before)

    def _entering(self, number: int, then: Any = None) -> Any:
        axis, count = self._blocks[number].batch_axis, len(self._blocks)

        def own(value: object) -> object:
            batched = isinstance(value, Tensor) and value.ndim == 3 and value.shape[axis] == count
            return value.narrow(axis, number, 1) if batched else value  # type: ignore[attr-defined]

        def hook(module: nn.Module, args: Any, kwargs: Any) -> Any:
            args, kwargs = then(module, args, kwargs) if then else (args, kwargs)
            return tuple(own(a) for a in args), kwargs

        return hook

    def _attending(self, number: int) -> Any:
        def hook(
            module: nn.MultiheadAttention, inputs: tuple[Tensor, ...], output: tuple[Tensor, Tensor]
        ) -> Any:
            attention = _square(output[1]).detach().requires_grad_()
            self.attention.append(attention)
            return self._spread(_attended(module, attention, inputs[2]), number), attention

        return hook

    def _leaving(self, number: int) -> Any:
        return lambda _module, _inputs, output: self._spread(output, number)

    def _spread(self, value: Tensor, number: int) -> Tensor:
        axis = self._blocks[number].batch_axis
        shape = list(value.shape)
        shape[axis] = number
        later = [value.detach()] * (len(self._blocks) - number - 1)
        return torch.cat([value.new_zeros(shape), value, *later], axis)


def _blocks(run: Run) -> tuple[Tensor, list[_Block]]:
    """The logits of the picture and the blocks that it went through, in order.

    Raises:
        MethodError: if an attention is used twice, or their tokens are not the same ones.
    """
    seen: list[tuple[nn.Module, tuple[int, ...]]] = []
    names = {module: name for name, module in run.network.named_modules()}

    def note(module: nn.Module, _inputs: Any, output: Any) -> None:
        value = output[0] if isinstance(output, tuple) else output
        seen.append((module, tuple(value.shape)))

    watched = [m for m in names if isinstance(m, (nn.MultiheadAttention, nn.Linear))]
    with hooked([(m, note) for m in watched]), torch.no_grad():
        logits = as_logits(run.network(run.picture))
    blocks: list[_Block] = []
    for module, shape in seen:
        if isinstance(module, nn.MultiheadAttention):
            blocks.append(_Block(module, shape[1 if module.batch_first else 0], []))
        elif blocks and isinstance(module, nn.Linear):
            last = blocks[-1]
            around = names[last.attention].rpartition(".")[0]
            inside = not around or names[module].startswith(f"{around}.")
            if inside and len(shape) == 3 and shape[1 - last.batch_axis] == last.tokens:
                last.perceptron.append(module)
    if not blocks:
        raise MethodError(_UNUSED)
    if (
        len({block.attention for block in blocks}) < len(blocks)
        or len({block.tokens for block in blocks}) > 1
    ):
        raise MethodError(_UNEQUAL)
    return logits, blocks


def _explicitly(module: nn.Module, args: Any, kwargs: Any) -> Any:
    """Ask an attention for its weights, head by head; its three tensors by position."""
    given = inspect.signature(module.forward).bind(*args, **kwargs).arguments
    given |= {"need_weights": True, "average_attn_weights": False}
    return tuple(given.pop(name) for name in ("query", "key", "value")), given


def _attended(module: nn.MultiheadAttention, attention: Tensor, value: Tensor) -> Tensor:
    """What an attention returns for given weights ``(batch, heads, queries, keys)``."""
    size = module.embed_dim
    own = module.in_proj_weight is None
    weight = module.v_proj_weight if own else module.in_proj_weight[2 * size :]
    bias = None if module.in_proj_bias is None else module.in_proj_bias[2 * size :]
    values = nn.functional.linear(value, weight, bias)
    values = values if module.batch_first else values.transpose(0, 1)
    heads = values.reshape(*values.shape[:2], module.num_heads, -1).transpose(1, 2)
    mixed = (attention @ heads).transpose(1, 2).flatten(2)
    result = nn.functional.linear(mixed, module.out_proj.weight, module.out_proj.bias)
    return result if module.batch_first else result.transpose(0, 1)


def _square(attention: Tensor) -> Tensor:
    """The weights of one picture, ``(1, heads, tokens, tokens)``.

    Raises:
        MethodError: if they are not between the tokens of one picture.
    """
    if attention.ndim != 4 or len(attention) != 1 or attention.shape[2] != attention.shape[3]:
        raise MethodError(_UNEQUAL)
    return attention


def _grid_of(run: Run, tokens: int) -> tuple[Layout, tuple[int, int]]:
    """How tokens lie over the picture.

    Raises:
        MethodError: if they do not.
    """
    size = (run.picture.shape[2], run.picture.shape[3])
    layout = run.layer.layout
    if layout.axes is not Axes.TOKENS or run.activation.shape[1] != tokens:
        found = layout_of((1, tokens, 1), size)
        if found is None:
            raise MethodError(f"Its {tokens} tokens are not the cells of a picture. Use grad-cam.")
        layout = found
    return layout, layout.cells((1, tokens, 1), size)


def _attentions(network: nn.Module) -> list[nn.MultiheadAttention]:
    return [m for m in network.modules() if isinstance(m, nn.MultiheadAttention)]


def _close(found: Tensor, expected: Tensor) -> bool:
    scale = max(float(expected.abs().max()), 1e-6)
    return bool(torch.allclose(found.detach(), expected, rtol=0, atol=_TOLERANCE * scale))


def _shows_attention(run: Run) -> str:
    if _attentions(run.network):
        return ""
    if isinstance(run.network, torch.jit.ScriptModule):
        return "It needs to see the attention, which TorchScript hides."
    return (
        "It needs a transformer built of nn.MultiheadAttention; this network shows no such layer."
    )


_UNUSED = "This network did not use its attention for this picture. Use grad-cam."
_UNEQUAL = (
    "It needs self-attention between the same tokens in every layer, each with weights of its own; "
    "this network's is of another kind. Use grad-cam."
)

METHODS = (
    Method(
        name="attention-rollout",
        title="Attention rollout",
        family=Family.ATTENTION,
        summary="Where a transformer's tokens get their information from; the same for all "
        "classes.",
        paper="Abnar and Zuidema 2020, Quantifying Attention Flow in Transformers",
        steps=at_once(attention_rollout),
        obstacle=_shows_attention,
        layered=False,
    ),
    Method(
        name="legrad",
        title="LeGrad",
        family=Family.ATTENTION,
        summary="How the score of every layer depends on its attention: sharp on vision "
        "transformers, CLIP among them.",
        paper="Bousselham et al. 2024, LeGrad: An Explainability Method for Vision Transformers "
        "via Feature Formation Sensitivity",
        steps=at_once(legrad),
        obstacle=_shows_attention,
        layered=False,
    ),
)
