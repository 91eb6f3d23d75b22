"""Small things, deeply: the backbone learns the classes as a whole network, before it is opened.

Learning through the strongest cells alone goes astray: they are few, and change with every step. So
the network first learns to tell whole pictures apart, with its own pooling and a new last layer.
What it has become then is mixed with what it was: see `mixed`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import nn

from camviewer.models.classifier import Activation, Classifier
from camviewer.teach.data.dataset import Dataset
from camviewer.teach.data.split import Split
from camviewer.teach.deep.options import Options
from camviewer.teach.deep.stages import fresh_head, head_name
from camviewer.teach.deep.told import Tuned
from camviewer.teach.foundation import found

_RATE, _HEAD_RATE = 1e-4, 3e-3
_FALLING = 0.5
_DECAY = 0.05
_SHARE = 0.5  # of what it became

Tune = Callable[[Classifier, Dataset, Split, Options], Tuned]
"""`tuning.fine_tune`, told where to compute and whom to tell."""


@dataclass(frozen=True, eq=False)
class Adapted:
    """A backbone that has learnt.

    Attributes:
        backbone: between what it was and what it became, with its old last layer.
        tuned: what happened from epoch to epoch; its classifier has the new last layer.
    """

    backbone: Classifier
    tuned: Tuned


def adapt(
    backbone: Classifier, dataset: Dataset, split: Split, options: Options, tune: Tune
) -> Adapted:
    """Teach a backbone a data set's classes, all of its layers.

    Args:
        backbone: left as it is.
        dataset: the pictures.
        split: see `tuning.fine_tune`.
        options: how long, and in which order; stages and rates are settled here, unless it begins
            with random numbers.
        tune: does it.

    Raises:
        CamviewerError: see `tuning.fine_tune`.
    """
    several = dataset.multi_label
    plain = replace(
        backbone,
        network=fresh_head(backbone.network, len(dataset.classes)),
        labels=dataset.classes,
        activation=Activation.SIGMOID if several else Activation.SOFTMAX,
        preprocessing=found(backbone).preprocessing,
        thresholds=None,
        nothing=None,
    )
    chosen = replace(options if options.fresh else _settled(options), half=True)
    tuned = tune(plain, dataset, split, chosen)
    share = 1.0 if options.fresh else _SHARE
    network = mixed(backbone.network, tuned.classifier.network, share)
    return Adapted(replace(backbone, network=network, weights_sha256=""), tuned)


def mixed(before: nn.Module, after: nn.Module, share: float) -> nn.Module:
    """A network whose numbers lie between two networks', but for its last layer.

    Wortsman et al. 2022, Robust Fine-Tuning of Zero-Shot Models, equation 1 with ``alpha`` the
    share: ``(1 - alpha) * theta_0 + alpha * theta_1``. It keeps what the old one knows of shapes,
    and hence finer maps.

    Args:
        before: keeps its last layer.
        after: the same network with other numbers, and a last layer of any size.
        share: of the second one's, in [0, 1].
    """
    made = copy.deepcopy(before)
    head = head_name(made)
    learnt = after.state_dict()
    with torch.no_grad():
        for name, numbers in made.state_dict().items():
            if not name.startswith(f"{head}.") and numbers.is_floating_point():
                numbers.lerp_(learnt[name].to(numbers), share)
    return made


def _settled(options: Options) -> Options:
    """All layers learn, as fast as they bear where the last one is new.

    BatchNorm's statistics stay: those of a few batches are mostly noise.
    """
    return replace(
        options,
        stages=None,
        patience=options.epochs,
        rate=_RATE,
        head_rate=_HEAD_RATE,
        falling=_FALLING,
        decay=_DECAY,
        statistics=False,
    )
