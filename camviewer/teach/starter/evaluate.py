"""The starter's own held-out test: rendered scenes of other seeds, photographs never trained on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camviewer.boxes import intersection_over_union
from camviewer.models.starter_net import StarterNet
from camviewer.teach.starter import LABELS
from camviewer.teach.starter.backgrounds import Photo, load_photos, photo_crop, photo_files, surface
from camviewer.teach.starter.metrics import (
    BOX_RULE,
    average_precision,
    box_of,
)
from camviewer.teach.starter.network import as_input, logits_and_maps
from camviewer.teach.starter.raster import Rgb, resized
from camviewer.teach.starter.scenes import Scene, SceneSpec, render
from camviewer.teach.starter.train import CALIBRATE, TEST
from camviewer.types import BoxRule

SIDE = 192
"""Width and height of evaluation scenes."""
ON_SURFACES = SceneSpec(SIDE, 0.15, 1.0, 3, distinct=True, photo_share=0.0)
ON_PHOTOS = SceneSpec(SIDE, 0.15, 1.0, 3, distinct=True, photo_share=1.0)

SURFACES = 200
"""Rendered pictures of nothing, where there are no photographs."""

_SPLITS = {CALIBRATE: "calibrate", TEST: "test"}
_BATCH = 32


@dataclass
class Seen:
    """What the network said about scenes.

    Attributes:
        logits: float32 (n, classes).
        labels: float32 (n, classes), 1, 0 or NaN.
        maps: float32 (n, classes, h, w), raw class activation maps.
        scenes: the scenes themselves.
    """

    logits: NDArray[np.float32]
    labels: NDArray[np.float32]
    maps: NDArray[np.float32]
    scenes: list[Scene]

    def precision(self) -> list[float]:
        """Average precision per class."""
        return [average_precision(self.logits[:, c], self.labels[:, c]) for c in range(len(LABELS))]

    def boxes(self, rule: BoxRule = BOX_RULE) -> list[float]:
        """Per class, the share of present objects whose box has IoU >= 0.5, given the class."""
        hits: list[list[bool]] = [[] for _ in LABELS]
        for scene, maps in zip(self.scenes, self.maps, strict=True):
            for label, true in scene.boxes.items():
                c = LABELS.index(label)
                found = box_of(maps[c], scene.picture.shape[0], rule)
                hits[c].append(found is not None and intersection_over_union(found, true[0]) >= 0.5)
        return [float(np.mean(h)) if h else float("nan") for h in hits]

    def recall(self, thresholds: Sequence[float]) -> list[float]:
        """Per class, the share of present objects that score at least the threshold."""
        found = sigmoid(self.logits) >= np.array(thresholds, np.float32)
        return [
            float(found[:, c][self.labels[:, c] == 1].mean()) if (self.labels[:, c] == 1).any()
            else float("nan")
            for c in range(len(LABELS))
        ]  # fmt: skip


def look(network: StarterNet, scenes: list[Scene], input_size: int) -> Seen:
    """Show scenes to a network in evaluation mode."""
    logits, maps = _predict(network, [scene.picture for scene in scenes], input_size)
    return Seen(logits, np.stack([scene.labels for scene in scenes]), maps, scenes)


def scenes(
    seed: int, split: int, spec: SceneSpec, count: int, photos: Sequence[Photo] = ()
) -> list[Scene]:
    """Held-out scenes of one split (CALIBRATE or TEST)."""
    kind = int(bool(photos))
    return [render(np.random.default_rng((seed, split, kind, i)), spec, photos)
            for i in range(count)]  # fmt: skip


def held_out_photos(folder: Path | None, split: int) -> list[Photo]:
    """The photographs of a split; none without a folder."""
    return load_photos(photo_files(folder, _SPLITS[split])) if folder else []


def empty_logits(
    network: StarterNet,
    photos: Sequence[Photo],
    seed: int,
    split: int,
    input_size: int,
    views: int = 5,
) -> NDArray[np.float32]:
    """Logits on pictures without drawn objects: several views of each photograph, the first one
    the whole; without photographs `SURFACES` rendered ones.

    Returns:
        float32 (n, classes), NaN where the photograph shows the class of its own.
    """
    rng = np.random.default_rng((seed, split, 2))
    pictures = list(_views(rng, photos, views)) or [surface(rng, SIDE) for _ in range(SURFACES)]
    logits, _ = _predict(network, pictures, input_size)
    for number, photo in enumerate(photos):
        for label in photo.shows:
            logits[number * views : (number + 1) * views, LABELS.index(label)] = np.nan
    return logits


def evaluate(
    network: StarterNet,
    thresholds: Sequence[float],
    input_size: int,
    photos_folder: Path | None,
    count: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Render the test set and measure.

    Args:
        thresholds: per class, for false alarms and recall.
        count: scenes in each of A (rendered backgrounds) and B (photographs as backgrounds).

    Returns:
        map_a, map_b, box_a, box_b, false_alarm (the worst class), false_alarm_mean, recall_a,
        recall_b, all 0 to 1, and the same per class under "classes"; those of B are None without
        photographs, and false alarms are then measured on rendered surfaces.

    Raises:
        PictureError: the folder holds no test photographs.
    """
    photos = held_out_photos(photos_folder, TEST)
    columns: dict[str, list[float] | list[None]] = {}
    for name, spec, backgrounds in (("a", ON_SURFACES, []), ("b", ON_PHOTOS, photos)):
        if name == "b" and not photos:
            columns |= {key: [None] * len(LABELS) for key in ("map_b", "box_b", "recall_b")}
            continue
        seen = look(network, scenes(seed, TEST, spec, count, backgrounds), input_size)
        columns[f"map_{name}"] = seen.precision()
        columns[f"box_{name}"] = seen.boxes()
        columns[f"recall_{name}"] = seen.recall(thresholds)
    empty = sigmoid(empty_logits(network, photos, seed, TEST, input_size))
    alarms = np.where(np.isnan(empty), np.nan, empty >= np.array(thresholds, np.float32))
    columns["false_alarm"] = np.nanmean(alarms, axis=0).tolist()
    means = {key: _mean(values) for key, values in columns.items()}
    return {
        **means,
        "false_alarm": max(v for v in columns["false_alarm"] if v is not None),
        "false_alarm_mean": means["false_alarm"],
        "false_alarm_views": len(alarms),
        "scenes": count,
        "photographs": len(photos),
        "classes": {
            label: {key: _round(values[i]) for key, values in columns.items()}
            for i, label in enumerate(LABELS)
        },
    }


def table(figures: dict[str, Any]) -> str:
    """The figures as a Markdown table, one class a row."""
    keys = ("map_a", "box_a", "recall_a", "map_b", "box_b", "recall_b", "false_alarm")
    heads = ("AP A", "box A", "recall A", "AP B", "box B", "recall B", "false alarm")
    lines = ["| class | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    rows = [*figures["classes"].items(), ("mean", {**figures,
            "false_alarm": figures["false_alarm_mean"]})]  # fmt: skip
    for label, row in rows:
        cells = ["-" if row[key] is None else f"{row[key]:.3f}" for key in keys]
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores between 0 and 1."""
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def _predict(
    network: StarterNet, pictures: Sequence[Rgb], input_size: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    found, maps = [], []
    for first in range(0, len(pictures), _BATCH):
        x = as_input(pictures[first : first + _BATCH], input_size)
        logits, activation = logits_and_maps(network, x)
        found.append(logits)
        maps.append(activation)
    return np.concatenate(found), np.concatenate(maps)


def _views(rng: np.random.Generator, photos: Sequence[Photo], count: int) -> Iterator[Rgb]:
    for photo in photos:
        yield resized(photo.pixels, SIDE, SIDE)
        for _ in range(count - 1):
            yield photo_crop(rng, photo.pixels, SIDE)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None and not np.isnan(v)]
    return _round(float(np.mean(known))) if known else None


def _round(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else round(value, 4)
