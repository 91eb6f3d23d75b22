"""Every classifier that can be chosen, and the one way to load one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import torch
import torchvision.models
from torch import nn

from camviewer.errors import CancelledError, ModelError
from camviewer.models import (
    checkpoint,
    clip,
    download,
    gap,
    kept,
    starter,
    statedict,
    userfile,
    weightfile,
    zoo,
)
from camviewer.models import labels as label_files
from camviewer.models.classifier import Classifier
from camviewer.models.download import Cancelled, Progress
from camviewer.models.preprocess import Overrides
from camviewer.models.starter_net import StarterNet
from camviewer.models.video_preprocess import ClipPreprocessing

__all__ = ["Entry", "Overrides", "available", "entries", "load", "random", "search"]

_MEBIBYTE = 1 << 20
_BYTES_EACH = 4  # number of a taught network or of CLIP
_FAMILIES = {
    "alexnet": "AlexNet",
    "convnext": "ConvNeXt",
    "densenet": "DenseNet",
    "efficientnet": "EfficientNet",
    "googlenet": "GoogLeNet",
    "inception": "Inception",
    "maxvit": "MaxViT",
    "mnasnet": "MNASNet",
    "mobilenetv2": "MobileNet",
    "mobilenetv3": "MobileNet",
    "mvit": "MViT",
    "regnet": "RegNet",
    "resnet": "ResNet",
    "s3d": "S3D",
    "shufflenetv2": "ShuffleNet",
    "squeezenet": "SqueezeNet",
    "swin_transformer": "Swin Transformer",
    "vgg": "VGG",
    "vision_transformer": "Vision Transformer",
}

_TITLES = {"mc3_18": "MC3-18", "r2plus1d_18": "R(2+1)D-18", "r3d_18": "R3D-18"}


@dataclass(frozen=True)
class Entry:
    """A classifier of the catalogue, described without loading it.

    Attributes:
        name: as given to ``--model``.
        title: as shown.
        family: the kind of network.
        source: ``starter`` (embedded), ``torchvision``, ``taught`` (in the window) or
            ``open_clip`` (classes typed as text).
        parameters: how many numbers it has learnt.
        weights: what its weights are called; empty when it has none to download.
        size_bytes: size of its weight file.
        accuracy: published top-1 accuracy in percent, on ImageNet or, of clips, on Kinetics-400;
            None when not published.
        frames: how many frames it looks at; 1 for pictures.
    """

    name: str
    title: str
    family: str
    source: Literal["starter", "torchvision", "taught", "open_clip"]
    parameters: int
    weights: str
    size_bytes: int
    accuracy: float | None
    frames: int = 1

    @property
    def of_clips(self) -> bool:
        """Whether it looks at several frames at once, and so at what happens in them."""
        return self.frames > 1

    @property
    def cached(self) -> bool:
        """Whether its weights are on this machine (asked of the disk each time)."""
        if self.source == "open_clip":
            return False
        if self.source != "torchvision":
            return True
        weights = zoo.weights_of(self.name)
        return weights is not None and download.destination(weights.url).exists()


@cache
def entries() -> tuple[Entry, ...]:
    """Every classifier: the embedded starter, torchvision's by name, and those of clips."""
    described = [_describe(name) for name in (*zoo.names(), *zoo.clip_names())]
    try:
        return (_describe_starter(), *described)
    except (ModelError, OSError):  # a damaged installation: choosing the starter will say so
        return tuple(described)


def available() -> tuple[Entry, ...]:
    """Those, and the networks that were taught in the window (asked of the disk each time)."""
    first, *others = entries()
    return (first, *(_describe_taught(path) for path in kept.networks()), *others)


def zero_shot() -> tuple[Entry, ...]:
    """Some CLIP networks, whose classes are typed as text; `clip.names` knows all of them."""
    return tuple(
        Entry(
            name=suggested.name,
            title=suggested.title,
            family="CLIP",
            source="open_clip",
            parameters=suggested.parameters,
            weights=suggested.name,
            size_bytes=suggested.parameters * _BYTES_EACH,
            accuracy=None,
        )
        for suggested in clip.SUGGESTED
    )


def search(text: str, among: Iterable[Entry] | None = None) -> tuple[Entry, ...]:
    """The classifiers whose name, title or family hold every word of a text; all for none.

    Args:
        text: words, in any case.
        among: `available` ones by default.
    """
    words = [_squeezed(word) for word in text.split()]
    return tuple(
        entry
        for entry in (available() if among is None else among)
        if all(word in _squeezed(f"{entry.name} {entry.title} {entry.family}") for word in words)
    )


def load(
    name: str | None = None,
    *,
    texts: Sequence[str] = (),
    weights: Path | None = None,
    labels: Path | None = None,
    overrides: Overrides | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    consent: bool = False,
) -> Classifier:
    """Load a classifier. Takes seconds, or minutes when weights are downloaded.

    Args:
        name: one of the catalogue, of those that were taught in the window, or a CLIP network (see
            `clip.load`); None for the network that `weights` belong to, or else for the starter.
        texts: the classes of a CLIP network.
        weights: the user's own file instead of the published weights; see `userfile.load`.
        labels: a file of class labels instead of the network's own; see `labels.read`.
        overrides: other mean, standard deviation or input size than the network's own.
        progress: called with bytes downloaded and bytes in all (0 when unknown).
        cancelled: asked every 20 ms while downloading, and between the other steps.
        consent: the user agreed that the weight file may run programs.

    Raises:
        CancelledError: if `cancelled` became true.
        ConsentRequiredError: if the weight file is a program and `consent` was not given.
        DownloadError: if published weights cannot be fetched.
        ModelError: for anything else that stands in the way; the message says what to do.
    """
    if name is not None and clip.named(name):
        classifier = clip.load(name, texts, weights=weights, progress=progress, cancelled=cancelled)
        return _adapted(classifier, overrides, labels)
    if texts:
        raise ModelError(
            f"Classes typed as text need a CLIP network. Choose one, such as {clip.DEFAULT}."
        )
    if name is not None and weights is None and (file := _taught(name)) is not None:
        name, weights = None, file
    known = None if name is None else _known(name)
    if weights is not None:
        if known == starter.NAME:
            raise ModelError(
                "The starter brings its own weights. Choose the torchvision network that "
                f"{weights.name} belongs to, or none."
            )
        classifier = userfile.load(
            weights, name=known, labels_file=labels, overrides=overrides, consent=consent
        )
        _check(cancelled)
        return classifier
    if known is None or known == starter.NAME:
        classifier = starter.load_starter()
    else:
        classifier = _published(known, progress, cancelled)
    _check(cancelled)
    return _adapted(classifier, overrides, labels)


def random(name: str, seed: int = 0) -> Classifier:
    """A network that knows nothing yet, to be taught from scratch; the same for the same seed.

    Args:
        name: the starter, one of torchvision's for pictures, or a converted one, see `gap.names`.
        seed: of its random numbers.

    Raises:
        ModelError: if there is no such network.
    """
    converted = gap.origin(name)
    known = _known(name) if converted is None else converted
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if converted is not None:
            known += gap.ENDING
            network: nn.Module = gap.build(known, 1, seed=seed)
            expected = gap.preprocessing(known)
        elif known == starter.NAME:
            network, expected = StarterNet(1), starter.load_starter().preprocessing
        elif known in zoo.names():
            network, expected = zoo.build(known, 1), zoo.preprocessing(known)
        else:
            raise ModelError(f"{known} looks at clips. Choose a network of pictures.")
    return Classifier(known, network, ("nothing yet",), expected)


def _adapted(
    classifier: Classifier, overrides: Overrides | None, labels: Path | None
) -> Classifier:
    """The classifier with what the user knows better."""
    if overrides is not None:
        expected = classifier.preprocessing.overridden(overrides)
        classifier = replace(classifier, preprocessing=expected)
    if labels is not None:
        classifier = replace(classifier, labels=label_files.read(labels, len(classifier.labels)))
    return classifier


def _published(name: str, progress: Progress | None, cancelled: Cancelled | None) -> Classifier:
    """The network with torchvision's default weights, downloaded if need be."""
    weights = zoo.weights_of(name)
    if weights is None:
        raise ModelError(f"{name} has no published weights. Give a file with your own.")
    path = download.fetch(weights.url, progress=progress, cancelled=cancelled)
    digest = weightfile.sha256(path)
    if not download.published(path, digest):
        raise ModelError(f"{path} is not the published file. Delete it and load {name} again.")
    _check(cancelled)
    contents = weightfile.read(path, weightfile.detect(path))
    found = statedict.find(contents, path.name)
    if not isinstance(found, statedict.StateDict):
        raise ModelError(f"{path} holds a program instead of weights. Delete it.")
    _check(cancelled)
    fitted = checkpoint.fit(name, found.tensors, path.name)
    return Classifier(
        name=name,
        network=fitted.network,
        labels=zoo.labels(name),
        preprocessing=zoo.preprocessing(name),
        weights=str(weights),
        weights_sha256=digest,
    )


def _taught(name: str) -> Path | None:
    """The file of a network that was taught; one that has the name of another is not meant."""
    others = name.strip().casefold() == starter.NAME or zoo.canonical(name) is not None
    return None if others else kept.find(name)


def _known(name: str) -> str:
    if name.strip().casefold() == starter.NAME:
        return starter.NAME
    known = zoo.canonical(name)
    if known is not None:
        return known
    known_names = (starter.NAME, *zoo.names(), *zoo.clip_names())
    near = difflib.get_close_matches(name.casefold(), known_names, n=3)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    raise ModelError(
        f"There is no network called {name!r}. {hint}`camviewer models` lists all of them."
    )


def _describe(name: str) -> Entry:
    family = torchvision.models.get_model_builder(name).__module__.rpartition(".")[2]
    weights = zoo.weights_of(name)
    meta = {} if weights is None else weights.meta
    of_clips = name in zoo.clip_names()
    data = "Kinetics-400" if of_clips else "ImageNet-1K"
    accuracy = meta.get("_metrics", {}).get(data, {}).get("acc@1")
    family = _FAMILIES.get(family, family)
    expected = zoo.preprocessing(name)
    return Entry(
        name=name,
        title=_title(name),
        family=f"Video {family}" if of_clips else family,
        source="torchvision",
        parameters=meta.get("num_params", 0),
        weights="" if weights is None else str(weights),
        size_bytes=round(meta.get("_file_size", 0) * _MEBIBYTE),
        accuracy=accuracy,
        frames=expected.frames if isinstance(expected, ClipPreprocessing) else 1,
    )


def _describe_starter() -> Entry:
    card = starter.card()
    with torch.device("meta"):
        network = StarterNet(len(card["labels"]))
    return Entry(
        name=starter.NAME,
        title="Starter",
        family="Embedded",
        source="starter",
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        weights=starter.WEIGHTS,
        size_bytes=starter.weights_path().stat().st_size,
        accuracy=None,
    )


def _describe_taught(path: Path) -> Entry:
    try:
        size = path.stat().st_size
    except OSError:  # it has just been taken away
        size = 0
    return Entry(
        name=path.stem,
        title=path.stem,
        family="Taught",
        source="taught",
        parameters=size // _BYTES_EACH,
        weights=path.name,
        size_bytes=size,
        accuracy=None,
    )


def _title(name: str) -> str:
    """The network's own spelling, from the name of its weights: ``RegNet Y 1.6GF``."""
    if name in _TITLES:
        return _TITLES[name]
    title = torchvision.models.get_model_weights(name).__name__.removesuffix("_Weights")
    return re.sub(r"(?<=\D\d)_(?=\d)", ".", title).replace("_", " ")


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def _check(cancelled: Cancelled | None) -> None:
    if cancelled is not None and cancelled():
        raise CancelledError("Loading the network was cancelled.")
