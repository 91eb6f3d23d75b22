"""The training recipe: image-level labels only, from close-ups to whole scenes."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from tqdm import tqdm

from camviewer.models.starter_net import StarterNet
from camviewer.teach.starter.backgrounds import load_photos, photo_files
from camviewer.teach.starter.learner import Learner
from camviewer.teach.starter.network import normalised
from camviewer.teach.starter.raster import Rgb
from camviewer.teach.starter.scenes import SceneSpec, render

TRAIN, CALIBRATE, TEST = 0, 1, 2
"""Second number of every scene's seed: the three sets never share a scene."""

CHECKPOINT = "checkpoint.pt"
SAVE_SECONDS = 60.0
_AVERAGED_STEPS = 0.998
_WARM_UP = 0.03

Batch = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Stage:
    """One step of the curriculum.

    Attributes:
        until: progress (0 to 1) at which the next stage begins.
        side: picture size in pixels.
        smallest: smallest first object as a share of the picture.
        most_objects: at most so many objects.
    """

    until: float
    side: int
    smallest: float
    most_objects: int


CURRICULUM = (
    Stage(0.10, 64, 0.50, 1),
    Stage(0.25, 96, 0.32, 2),
    Stage(0.45, 128, 0.22, 3),
    Stage(0.76, 160, 0.17, 3),
    Stage(1.00, 192, 0.15, 3),
)


@dataclass(frozen=True)
class Recipe:
    """What a training run depends on.

    Attributes:
        steps: optimizer steps in all; None if minutes decides.
        minutes: time budget, counted over all resumed parts.
        photos: folder of background photographs, or None.
        renderers: processes that draw scenes; 0 draws in the training process.
    """

    seed: int = 0
    steps: int | None = None
    minutes: float | None = None
    batch: int = 48
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    photos: Path | None = None
    renderers: int = 1
    device: str = "cpu"
    half: bool = False

    def progress(self, step: int, seconds: float) -> float:
        """How much of the run is done, 0 to 1."""
        if self.steps is not None:
            return min(1.0, step / self.steps)
        return min(1.0, seconds / 60 / (self.minutes or 1e-9))


class SceneStream(IterableDataset[tuple[Rgb, np.ndarray[Any, Any]]]):
    """Endless training scenes; scene i is the same whoever draws it."""

    def __init__(self, recipe: Recipe, stage: Stage, first: int) -> None:
        self._recipe = recipe
        self._stage = stage
        self._first = first

    def __iter__(self) -> Iterator[tuple[Rgb, np.ndarray[Any, Any]]]:
        info = get_worker_info()
        place, workers = (info.id, info.num_workers) if info else (0, 1)
        folder, batch = self._recipe.photos, self._recipe.batch
        photos = load_photos(photo_files(folder, "train")) if folder else []
        stage = self._stage
        spec = SceneSpec(stage.side, stage.smallest, 1.0, stage.most_objects)
        for number in itertools.count(place, workers):
            for index in range(self._first + number * batch, self._first + (number + 1) * batch):
                scene = render(np.random.default_rng((self._recipe.seed, TRAIN, index)), spec,
                               photos)  # fmt: skip
                yield scene.picture, scene.labels


class Trainer:
    """Runs a recipe in a folder that keeps its checkpoint.

    Args:
        folder: where the checkpoint lies; a run found there is continued.

    Raises:
        ModelError: the checkpoint there belongs to another network.
    """

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.learner = Learner(
            folder / CHECKPOINT,
            recipe.device,
            recipe.learning_rate,
            recipe.weight_decay,
            _AVERAGED_STEPS,
        )

    def run(self, show: bool = True, stop: Callable[[], bool] = lambda: False) -> StarterNet:
        """Train to the end of the recipe (or until stop() says so), return the averaged network."""
        with tqdm(total=1000, desc="starter", disable=not show, mininterval=5) as bar:
            for stage in CURRICULUM:
                if self._progress() < stage.until and not stop():
                    self._run_stage(stage, bar, stop)
        self.learner.save()
        return self.learner.averaged

    def _progress(self) -> float:
        return self.recipe.progress(self.learner.step, self.learner.seconds)

    def _run_stage(self, stage: Stage, bar: "tqdm[Any]", stop: Callable[[], bool]) -> None:
        recipe, learner = self.recipe, self.learner
        clock = saved = time.monotonic()
        recent = 0.0
        for batch in scene_batches(recipe, stage, learner.step * recipe.batch):
            loss = self.train_on(batch)
            recent = loss if recent == 0 else 0.98 * recent + 0.02 * loss
            now = time.monotonic()
            learner.seconds += now - clock
            clock = now
            done = self._progress()
            bar.n = round(1000 * done)
            bar.set_postfix(step=learner.step, side=stage.side, loss=f"{recent:.4f}")
            if now - saved > SAVE_SECONDS:
                learner.save()
                saved = now
            if done >= stage.until or stop():
                return

    def train_on(self, batch: Batch) -> float:
        """One optimizer step; returns the loss.

        Args:
            batch: uint8 pictures (N, H, W, 3) and float32 labels (N, classes), 1, 0 or NaN.
        """
        pictures, labels = (tensor.to(self.recipe.device) for tensor in batch)
        kind = torch.device(self.recipe.device).type

        def loss(network: StarterNet) -> torch.Tensor:
            with torch.autocast(kind, torch.bfloat16, enabled=self.recipe.half):
                logits = network(normalised(pictures))
            return classification_loss(logits.float(), labels)

        return self.learner.learn(loss, _learning_rate(self._progress()))


def scene_batches(recipe: Recipe, stage: Stage, first: int) -> DataLoader[Any]:
    """Endless batches of training scenes, drawn by the recipe's processes."""
    return DataLoader(
        SceneStream(recipe, stage, first),
        recipe.batch,
        num_workers=recipe.renderers,
        prefetch_factor=6 if recipe.renderers else None,
    )


def classification_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Binary cross-entropy, the mean over known labels (N, classes); NaN is unknown."""
    known = ~labels.isnan()
    each = F.binary_cross_entropy_with_logits(logits, labels.nan_to_num(), reduction="none")
    return (each * known).sum() / known.sum()


def _learning_rate(progress: float) -> float:
    """Linear warm-up, then a cosine down to one hundredth."""
    if progress < _WARM_UP:
        return 0.05 + 0.95 * progress / _WARM_UP
    return 0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * (progress - _WARM_UP) / (1 - _WARM_UP))))
