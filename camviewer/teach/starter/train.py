"""The training recipe: image-level labels only, from close-ups to whole scenes."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info
from tqdm import tqdm

from camviewer.errors import ModelError
from camviewer.models.starter_net import StarterNet
from camviewer.teach.starter import LABELS
from camviewer.teach.starter.backgrounds import load_photos, photo_files
from camviewer.teach.starter.network import normalised
from camviewer.teach.starter.raster import Rgb
from camviewer.teach.starter.scenes import SceneSpec, render

TRAIN, CALIBRATE, TEST = 0, 1, 2
"""Second number of every scene's seed: the three sets never share a scene."""

CHECKPOINT = "checkpoint.pt"
_SAVE_SECONDS = 60.0
_AVERAGED_STEPS = 0.998
_WARM_UP = 0.03

_moving_average = get_ema_multi_avg_fn(_AVERAGED_STEPS)  # type: ignore[no-untyped-call]

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
        self.step = 0
        self.seconds = 0.0
        self._file = folder / CHECKPOINT
        network = StarterNet(len(LABELS)).to(recipe.device)
        self.network = network.to(memory_format=torch.channels_last)
        self.averaged = AveragedModel(self.network, multi_avg_fn=_moving_average, use_buffers=True)
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        folder.mkdir(parents=True, exist_ok=True)
        if self._file.exists():
            self._resume()

    def run(self, show: bool = True, stop: Callable[[], bool] = lambda: False) -> StarterNet:
        """Train to the end of the recipe (or until stop() says so), return the averaged network."""
        with tqdm(total=1000, desc="starter", disable=not show, mininterval=5) as bar:
            for stage in CURRICULUM:
                if self._progress() < stage.until and not stop():
                    self._run_stage(stage, bar, stop)
        self.save()
        return cast("StarterNet", self.averaged.module).eval()

    def save(self) -> None:
        """Write the checkpoint; the old one stays until the new one is complete."""
        state = {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        fresh = self._file.with_suffix(".new")
        torch.save(state, fresh)
        fresh.replace(self._file)

    def _resume(self) -> None:
        state = torch.load(self._file, map_location=self.recipe.device, weights_only=True)
        try:
            self.network.load_state_dict(state["network"])
            self.averaged.load_state_dict(state["averaged"])
        except RuntimeError as error:
            raise ModelError(
                f"The checkpoint {self._file} belongs to another network. Name another --out "
                "folder, or delete the file to start afresh."
            ) from error
        self._optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]

    def _progress(self) -> float:
        return self.recipe.progress(self.step, self.seconds)

    def _run_stage(self, stage: Stage, bar: "tqdm[Any]", stop: Callable[[], bool]) -> None:
        recipe = self.recipe
        loader: DataLoader[Any] = DataLoader(
            SceneStream(recipe, stage, self.step * recipe.batch),
            recipe.batch,
            num_workers=recipe.renderers,
            prefetch_factor=6 if recipe.renderers else None,
        )
        clock = saved = time.monotonic()
        recent = 0.0
        for batch in loader:
            loss = self.train_on(batch)
            recent = loss if recent == 0 else 0.98 * recent + 0.02 * loss
            now = time.monotonic()
            self.seconds += now - clock
            clock = now
            done = self._progress()
            bar.n = round(1000 * done)
            bar.set_postfix(step=self.step, side=stage.side, loss=f"{recent:.4f}")
            if now - saved > _SAVE_SECONDS:
                self.save()
                saved = now
            if done >= stage.until or stop():
                return

    def train_on(self, batch: Batch) -> float:
        """One optimizer step; returns the loss.

        Args:
            batch: uint8 pictures (N, H, W, 3) and float32 labels (N, classes), 1, 0 or NaN.
        """
        pictures, labels = (tensor.to(self.recipe.device) for tensor in batch)
        for group in self._optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * _learning_rate(self._progress())
        self.network.train()
        kind = torch.device(self.recipe.device).type
        with torch.autocast(kind, torch.bfloat16, enabled=self.recipe.half):
            logits = self.network(normalised(pictures))
        known = ~labels.isnan()
        each = F.binary_cross_entropy_with_logits(
            logits.float(), labels.nan_to_num(), reduction="none"
        )
        loss = (each * known).sum() / known.sum()
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self._optimizer.step()
        self.averaged.update_parameters(self.network)
        self.step += 1
        return float(loss.detach())


def _learning_rate(progress: float) -> float:
    """Linear warm-up, then a cosine down to one hundredth."""
    if progress < _WARM_UP:
        return 0.05 + 0.95 * progress / _WARM_UP
    return 0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * (progress - _WARM_UP) / (1 - _WARM_UP))))
