"""Zero-shot classifiers: a CLIP network and classes that are typed as text.

They come through open_clip, an optional extra, which is loaded only when one is asked for.
"""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from camviewer.errors import CancelledError, ModelError, WeightsMismatchError
from camviewer.models import clip_weights, download, weightfile
from camviewer.models.classifier import Classifier
from camviewer.models.download import Cancelled, Progress
from camviewer.models.preprocess import Preprocessing
from camviewer.models.weightfile import Format

PREFIX = "clip:"
DEFAULT = "clip:ViT-B-32"

# What a class is put into; the mean of the embeddings is less moved by the wording than each.
PROMPTS = (
    "{}",
    "a photo of {}",
    "a picture that shows {}",
    "a close view of {}",
    "{} seen from some distance",
    "a dim and blurred photo of {}",
)
_PREFERRED = ("laion2b", "datacomp_xl", "openai", "dfn2b", "metaclip")
_CHECKPOINTS = (Format.SAFETENSORS, Format.CHECKPOINT)


class ZeroShot(nn.Module):
    """A picture encoder, and one linear layer over its normalised embedding.

    The weights of that layer are CLIP's logit scale times the embeddings of the texts, so that the
    logits are CLIP's own: scaled cosines between picture and texts.
    """

    def __init__(self, visual: nn.Module, texts: Tensor, scale: float) -> None:
        """Put the two together.

        Args:
            visual: from pictures to embeddings ``(batch, values)``, or to a tuple that begins so.
            texts: float ``(classes, values)``, each of length one.
            scale: of the logits.
        """
        super().__init__()
        self.visual = visual
        self.classes = nn.Linear(texts.shape[1], texts.shape[0], bias=False)
        with torch.no_grad():
            self.classes.weight.copy_(scale * texts)

    def forward(self, x: Tensor) -> Tensor:
        """From ``(batch, 3, height, width)`` to logits ``(batch, classes)``."""
        embedding = self.visual(x)
        if isinstance(embedding, tuple):
            embedding = embedding[0]
        logits: Tensor = self.classes(normalize(embedding, dim=-1))
        return logits


@dataclass(frozen=True)
class Chosen:
    """A network of open_clip.

    Attributes:
        architecture: as open_clip calls it.
        tag: which of its published weights; empty for none.
    """

    architecture: str
    tag: str

    def __str__(self) -> str:
        return f"{self.architecture}:{self.tag}" if self.tag else self.architecture


@dataclass(frozen=True)
class Suggested:
    """A network to begin with, known without open_clip.

    Attributes:
        name: as given to `load`.
        title: as shown.
        parameters: how many numbers it has learnt, those for text included.
    """

    name: str
    title: str
    parameters: int


SUGGESTED = (
    Suggested(DEFAULT, "CLIP ViT-B/32", 151_277_313),
    Suggested("clip:ViT-B-16", "CLIP ViT-B/16", 149_620_737),
    Suggested("clip:ViT-L-14", "CLIP ViT-L/14", 427_616_513),
    Suggested("clip:RN50", "CLIP ResNet-50", 102_007_137),
)

MISSING = (
    "Classes typed as text need the package open_clip, which is not here. Install it with: "
    "pip install 'camviewer[clip]', or in a checkout: uv run --extra clip camviewer (the program "
    "that brings its own Python cannot use it)."
)


def installed() -> bool:
    """Whether open_clip is there; looks, but does not load it."""
    return importlib.util.find_spec("open_clip") is not None


def named(name: str) -> bool:
    """Whether a name means a CLIP network."""
    return name.strip().casefold().startswith(PREFIX)


def names() -> tuple[str, ...]:
    """Every CLIP network with published weights, as ``clip:ARCHITECTURE:WEIGHTS``.

    Raises:
        ModelError: if open_clip is not installed.
    """
    open_clip = _open_clip()
    return tuple(
        f"{PREFIX}{architecture}:{tag}"
        for architecture, tag in open_clip.list_pretrained()
        if architecture in open_clip.list_models() and not _foreign_text(open_clip, architecture)
    )


def load(
    name: str,
    texts: Sequence[str],
    *,
    weights: Path | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Classifier:
    """A classifier of classes typed as text (Radford et al. 2021, section 3.1).

    The text encoder is used once and dropped.

    Args:
        name: ``clip:ARCHITECTURE`` or ``clip:ARCHITECTURE:WEIGHTS``, such as ``clip:ViT-B-32``.
        texts: a class each, in any words: "a cat", "a rusty pipe".
        weights: a file of the whole network's weights instead of published ones.
        progress: called with bytes downloaded and bytes in all (0 when unknown).
        cancelled: asked every 20 ms while downloading, and between the other steps.

    Raises:
        CancelledError: if `cancelled` became true.
        DownloadError: if published weights cannot be fetched.
        ModelError: for anything else that stands in the way; the message says what to do.
    """
    open_clip = _open_clip()
    classes = tuple(dict.fromkeys(" ".join(text.split()) for text in texts if text.strip()))
    if not classes:
        raise ModelError(
            'A CLIP network has no classes of its own. Type some as text: --texts "a cat" "a dog".'
        )
    chosen = _choose(open_clip, name, published=weights is None)
    path = weights or _published(open_clip, chosen, progress, cancelled)
    digest = weightfile.sha256(path)
    if weights is None and not download.published(path, digest):
        raise ModelError(f"{path} is not the published file. Delete it and load {name} again.")
    _check(cancelled)
    model = _model(open_clip, chosen, path)
    _check(cancelled)
    embeddings = _embeddings(
        model, open_clip.get_tokenizer(chosen.architecture), classes, cancelled
    )
    return Classifier(
        name=f"{PREFIX}{chosen}",
        network=ZeroShot(model.visual, embeddings, float(model.logit_scale.detach().exp())),
        labels=classes,
        preprocessing=_preprocessing(open_clip, chosen, model.visual.image_size),
        weights=path.name if weights is not None else str(chosen),
        weights_sha256=digest,
    )


def _open_clip() -> Any:
    try:
        import open_clip
    except ImportError as error:
        raise ModelError(MISSING) from error
    return open_clip


def _choose(open_clip: Any, name: str, *, published: bool) -> Chosen:
    """The network that is meant, whatever the case of its letters."""
    wanted, _, tag = name.strip()[len(PREFIX) :].partition(":")
    known = {known.casefold(): known for known in open_clip.list_models()}
    architecture = known.get(wanted.casefold())
    if architecture is None:
        near = difflib.get_close_matches(wanted.casefold(), known, n=3)
        hint = f" Did you mean {' or '.join(PREFIX + known[n] for n in near)}?" if near else ""
        raise ModelError(
            f"open_clip has no network {wanted!r}.{hint} `camviewer models clip` lists them."
        )
    if _foreign_text(open_clip, architecture):
        raise ModelError(
            f"The text encoder of {architecture} is not part of open_clip. Use another network, "
            f"such as {DEFAULT}."
        )
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if tag and tag.casefold() not in tags:
        raise ModelError(
            f"{architecture} has no weights {tag!r}. There are: {', '.join(tags) or 'none'}."
        )
    if not tag and published:
        if not tags:
            raise ModelError(f"{architecture} has no published weights. Give a file of your own.")
        tag = min(tags, key=_rank)  # the first of equals
    return Chosen(architecture, tag.casefold())


def _rank(tag: str) -> int:
    return next((i for i, p in enumerate(_PREFERRED) if tag.startswith(p)), len(_PREFERRED))


def _foreign_text(open_clip: Any, architecture: str) -> bool:
    """Whether reading text takes more than open_clip brings along."""
    text = open_clip.get_model_config(architecture)["text_cfg"]
    foreign = "hf_model_name" in text or "hf_tokenizer_name" in text
    return foreign or "siglip" in architecture.casefold()


def _published(
    open_clip: Any, chosen: Chosen, progress: Progress | None, cancelled: Cancelled | None
) -> Path:
    address = open_clip.get_pretrained_cfg(chosen.architecture, chosen.tag)["hf_hub"]
    stem = f"clip-{chosen.architecture}-{chosen.tag}"
    weights = clip_weights.on_hub(stem, address)
    return clip_weights.fetch(weights, progress=progress, cancelled=cancelled)


def _model(open_clip: Any, chosen: Chosen, path: Path) -> Any:
    """The whole network with the weights in a file, in evaluation mode."""
    form = weightfile.detect(path)
    if form not in _CHECKPOINTS:
        raise ModelError(
            f"{path.name} is {form.value}. A CLIP network is read from a .safetensors file or a "
            "checkpoint of its weights only."
        )
    settings = open_clip.get_pretrained_cfg(chosen.architecture, chosen.tag)
    try:
        with weightfile.quiet():
            model = open_clip.create_model(
                chosen.architecture,
                pretrained=str(path.resolve()),
                force_quick_gelu=settings.get("quick_gelu", False),
                weights_only=True,
            )
    except Exception as error:  # whatever open_clip stumbles over in somebody's file
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsMismatchError(
            f"{path.name} does not hold the weights of {chosen.architecture} ({reason}). Choose "
            "the network that they belong to."
        ) from error
    return model.eval()


def _embeddings(
    model: Any, tokenizer: Any, classes: Sequence[str], cancelled: Cancelled | None
) -> Tensor:
    """Each class's mean embedding over the prompts, of length one: ``(classes, values)``."""
    found = []
    for text in classes:
        _check(cancelled)
        tokens = tokenizer([prompt.format(text) for prompt in PROMPTS])
        with torch.no_grad():
            prompts = normalize(model.encode_text(tokens).float(), dim=-1)
        found.append(normalize(prompts.mean(0), dim=0))
    return torch.stack(found)


def _preprocessing(open_clip: Any, chosen: Chosen, size: int | tuple[int, int]) -> Preprocessing:
    """What the weights were trained with; open_clip's defaults where it does not know them."""
    rows, columns = (size, size) if isinstance(size, int) else size
    if rows != columns:
        raise ModelError(f"{chosen} takes pictures of {columns} x {rows}; only squares will do.")
    settings = open_clip.get_pretrained_cfg(chosen.architecture, chosen.tag)
    return Preprocessing(
        mean=tuple(settings.get("mean", open_clip.OPENAI_DATASET_MEAN)),
        std=tuple(settings.get("std", open_clip.OPENAI_DATASET_STD)),
        input_size=rows,
        resize_size=rows,
        interpolation=settings.get("interpolation", "bicubic"),
        fixed_size=True,
    )


def _check(cancelled: Cancelled | None) -> None:
    if cancelled is not None and cancelled():
        raise CancelledError("Loading the network was cancelled.")
