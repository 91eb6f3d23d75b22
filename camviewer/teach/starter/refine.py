"""The second half of the recipe: the network learns from masks that it made for itself."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from camviewer.models.starter_net import StarterNet
from camviewer.teach.starter import LABELS
from camviewer.teach.starter.backgrounds import load_photos, photo_files
from camviewer.teach.starter.learner import Learner
from camviewer.teach.starter.metrics import BOX_RULE
from camviewer.teach.starter.network import features_and_logits, normalised
from camviewer.teach.starter.pseudo import pseudo_masks
from camviewer.teach.starter.scenes import SceneSpec, render
from camviewer.teach.starter.train import (
    CURRICULUM,
    SAVE_SECONDS,
    Recipe,
    classification_loss,
    scene_batches,
)

REFINED = "refined.pt"
MASKED = 3
"""Second number of the seeds of scenes that get masks."""

_UNKNOWN, _WHOLE = 255, 200
_SIDE = 192
_CELL = 4
"""Masks are kept with one value per this many pixels, along each side."""
_SIZES = (128, 160, 192, 192, 224, 256)
"""Input sizes in turn: the same scene, small and large."""
_STEEP = 12.0
"""How sharply a value counts as inside or outside at the box rule's threshold."""
_MASK_WEIGHT = 1.0
_LEARNING_RATE = 1e-3
_AVERAGED_STEPS = 0.995


@dataclass(frozen=True)
class Rounds:
    """How long to refine.

    Attributes:
        rounds: how often the masks are made anew, by what the network has become.
        scenes: with masks, in each round.
    """

    rounds: int = 4
    scenes: int = 3000


class MaskedScenes(Dataset[tuple[Any, Any, Any]]):
    """Scenes with the masks that a network makes of them."""

    def __init__(self, recipe: Recipe, teacher: StarterNet, turn: int, count: int) -> None:
        self._seed = (recipe.seed, MASKED, turn)
        self._folder = recipe.photos
        self._photos: list[Any] | None = None
        self._teacher = teacher
        self._count = count
        self._spec = SceneSpec(_SIDE, 0.12, 1.0, CURRICULUM[-1].most_objects)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        """(picture uint8 (side, side, 3), labels float32 (classes,), masks uint8 (classes, cells,
        cells), with 0 to 200 the share of a cell, 255 for unknown)."""
        if index >= self._count:
            raise IndexError(index)
        if self._photos is None:
            self._photos = load_photos(photo_files(self._folder, "train")) if self._folder else []
        scene = render(np.random.default_rng((*self._seed, index)), self._spec, self._photos)
        cells = _SIDE // _CELL
        masks = np.full((len(LABELS), cells, cells), _UNKNOWN, np.uint8)
        for c, mask in pseudo_masks(self._teacher, scene.picture, scene.labels).items():
            blocks = mask.reshape(cells, _CELL, cells, _CELL).mean((1, 3))
            masks[c] = np.rint(blocks / 255 * _WHOLE).astype(np.uint8)
        return scene.picture, scene.labels, masks


class Refiner:
    """Continues a trained network with masks of its own.

    Args:
        folder: where the checkpoint lies; a run found there is continued.
        start: the network to start from.
    """

    def __init__(self, recipe: Recipe, folder: Path, start: StarterNet, rounds: Rounds) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self._rounds = rounds
        self.learner = Learner(
            folder / REFINED,
            recipe.device,
            _LEARNING_RATE,
            recipe.weight_decay,
            _AVERAGED_STEPS,
            start,
        )

    def run(self, show: bool = True) -> StarterNet:
        """Refine to the end, return the averaged network."""
        learner, recipe = self.learner, self.recipe
        with tqdm(total=1000, desc="refining", disable=not show, mininterval=5) as bar:
            while (done := recipe.progress(learner.step, learner.seconds)) < 1:
                turn = min(int(done * self._rounds.rounds), self._rounds.rounds - 1)
                self._turn(turn, (turn + 1) / self._rounds.rounds, bar)
        learner.save()
        return learner.averaged

    def _turn(self, turn: int, until: float, bar: "tqdm[Any]") -> None:
        learner, recipe = self.learner, self.recipe
        clock = saved = time.monotonic()
        pack = self._pack(turn, bar)
        fresh = iter(scene_batches(replace(recipe, batch=recipe.batch // 2), CURRICULUM[-1],
                                   learner.step * recipe.batch))  # fmt: skip
        recent = 0.0
        for batch in _picks(pack, recipe.batch - recipe.batch // 2, (recipe.seed, learner.step)):
            done = recipe.progress(learner.step, learner.seconds)
            if done >= until:
                return
            rate = 0.02 + 0.98 * 0.5 * (1 + float(np.cos(np.pi * done)))
            size = _SIZES[learner.step % len(_SIZES)]
            loss = self._learn(batch, next(fresh), size, rate)
            recent = loss if recent == 0 else 0.98 * recent + 0.02 * loss
            now = time.monotonic()
            learner.seconds += now - clock
            clock = now
            bar.n = round(1000 * done)
            bar.set_postfix(step=learner.step, turn=turn, loss=f"{recent:.4f}")
            if now - saved > SAVE_SECONDS:
                learner.save()
                saved = now

    def _pack(self, turn: int, bar: "tqdm[Any]") -> list[torch.Tensor]:
        """Pictures, labels and masks of a round; a resumed round makes them anew."""
        key = f"teacher{turn}"
        learner = self.learner
        if key not in learner.extra:
            state = {k: v.clone() for k, v in learner.averaged.state_dict().items()}
            learner.extra = {key: state}
        teacher = StarterNet(len(LABELS))
        teacher.load_state_dict(learner.extra[key])
        scenes = MaskedScenes(self.recipe, teacher.eval(), turn, self._rounds.scenes)
        parts: list[list[torch.Tensor]] = [[], [], []]
        loader: DataLoader[Any] = DataLoader(scenes, 25, num_workers=self.recipe.renderers)
        for number, batch in enumerate(loader):
            bar.set_postfix(turn=turn, masks=number * 25)
            for column, values in zip(parts, batch, strict=True):
                column.append(values)
        return [torch.cat(column) for column in parts]

    def _learn(
        self, masked: list[torch.Tensor], fresh: list[torch.Tensor], size: int, rate: float
    ) -> float:
        device = self.recipe.device
        pictures, labels, masks = (tensor.to(device) for tensor in masked)
        more, more_labels = (tensor.to(device) for tensor in fresh)
        x = torch.cat([normalised(pictures), normalised(more)])
        if size != _SIDE:
            x = F.interpolate(x, (size, size), mode="bilinear", antialias=size < _SIDE)
            x = x.contiguous(memory_format=torch.channels_last)
        kind = torch.device(device).type

        def loss(network: StarterNet) -> torch.Tensor:
            with torch.autocast(kind, torch.bfloat16, enabled=self.recipe.half):
                features, logits = features_and_logits(network, x)
            maps = torch.einsum(
                "kc,nchw->nkhw", network.fc.weight, features[: len(pictures)].float()
            )
            named = classification_loss(logits.float(), torch.cat([labels, more_labels]))
            return named + _MASK_WEIGHT * mask_loss(maps, masks)

        return self.learner.learn(loss, rate)


def mask_loss(maps: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """How far maps, cut where the box rule cuts them, are from masks.

    A map is divided by its maximum, as for boxes; what exceeds the rule's threshold should be the
    mask. Cross-entropy per cell plus the Dice loss (Milletari et al. 2016, section 3).

    Args:
        maps: float32 (N, classes, h, w), raw class activation maps.
        masks: uint8 (N, classes, H, W), 0 to 200 the share of a cell, 255 for unknown.
    """
    chosen = (masks[:, :, 0, 0] != _UNKNOWN).nonzero(as_tuple=True)
    if not len(chosen[0]):
        return maps.sum() * 0
    found = maps[chosen].relu()
    target = F.interpolate(
        masks[chosen][:, None].float() / _WHOLE, maps.shape[2:], mode="bilinear", antialias=True
    )[:, 0]
    top = found.amax((1, 2), keepdim=True).clamp(min=1e-4)
    steep = _STEEP * (found / top - BOX_RULE.threshold)
    cells = F.binary_cross_entropy_with_logits(steep, target, reduction="none").mean((1, 2))
    inside = steep.sigmoid()
    both = (inside * target).sum((1, 2))
    dice = 1 - (2 * both + 1) / (inside.sum((1, 2)) + target.sum((1, 2)) + 1)
    return (cells + dice).mean()


def _picks(
    pack: list[torch.Tensor], batch: int, seed: tuple[int, ...]
) -> Iterator[list[torch.Tensor]]:
    """Endless random batches, every scene once before any comes again."""
    rng = np.random.default_rng(seed)
    while True:
        order = torch.from_numpy(rng.permutation(len(pack[0])))
        for first in range(0, len(order) - batch + 1, batch):
            chosen = order[first : first + batch]
            yield [column[chosen] for column in pack]
