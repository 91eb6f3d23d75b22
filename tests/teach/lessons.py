"""Small sets of rendered pictures and a small backbone for the tests of teaching."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from camviewer.inspector import inspector_for
from camviewer.media import images
from camviewer.models import starter, taught
from camviewer.models.classifier import Classifier
from camviewer.teach.teaching import Taught

SIZE = 64


@cache
def backbone() -> Classifier:
    """The embedded starter."""
    return starter.load_starter()


def ring_or_cross(path: Path, kind: str, seed: int) -> Path:
    """A picture ``(96, 96)`` of a ring, a cross, both, or nothing but its noisy ground."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(90, 166, (96, 96, 3), np.uint8)
    pixels = np.asarray(cv2.GaussianBlur(pixels, (5, 5), 0), np.uint8)
    if kind in ("ring", "both"):
        x, y = (int(v) for v in rng.integers(20, 30, 2))
        cv2.circle(pixels, (x, y), 14, (250, 240, 230), 4)
    if kind in ("cross", "both"):
        x, y = (int(v) for v in rng.integers(62, 74, 2))
        cv2.line(pixels, (x - 14, y - 14), (x + 14, y + 14), (10, 20, 10), 5)
        cv2.line(pixels, (x - 14, y + 14), (x + 14, y - 14), (10, 20, 10), 5)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def folders(root: Path, each: int = 10) -> Path:
    """A folder with the classes ring, cross and nothing."""
    for number, kind in enumerate(("ring", "cross", "nothing")):
        for seed in range(each):
            ring_or_cross(root / kind / f"{kind}{seed}.png", kind, 1000 * number + seed)
    return root


def table(root: Path, each: int = 10) -> Path:
    """A CSV file of pictures that show a ring, a cross, both, or neither."""
    lines = ["file,labels"]
    labels = {"ring": "ring", "cross": "cross", "both": "ring;cross", "nothing": ""}
    for number, (kind, label) in enumerate(labels.items()):
        for seed in range(each):
            path = ring_or_cross(root / f"{kind}{seed}.png", kind, 1000 * number + seed)
            lines.append(f"{path.name},{label}")
    (root / "labels.csv").write_text("\n".join(lines))
    return root / "labels.csv"


def faint(root: Path, each: int = 16) -> Path:
    """A folder with the classes ring and cross, hardly seen in noise: there is more to learn."""
    for number, kind in enumerate(("cross", "ring")):
        for seed in range(each):
            rng = np.random.default_rng((number, seed))
            noise = rng.integers(90, 166, (SIZE, SIZE, 3), np.uint8)
            ground = np.asarray(cv2.GaussianBlur(noise, (5, 5), 0), np.int16)
            shape = np.zeros((SIZE, SIZE, 1), np.uint8)
            x, y = (int(v) for v in rng.integers(16, 48, 2))
            if kind == "ring":
                cv2.circle(shape, (x, y), 10, 1, 3)
            else:
                cv2.line(shape, (x - 10, y - 10), (x + 10, y + 10), 1, 3)
                cv2.line(shape, (x - 10, y + 10), (x + 10, y - 10), 1, 3)
            (root / kind).mkdir(parents=True, exist_ok=True)
            pixels = (ground + 12 * shape).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / kind / f"{kind}{seed}.png")
    return root


def share_right(learnt: Taught, file: Path) -> float:
    """How many held-out pictures are right by the network's own file, which is written first."""
    taught.save(file, learnt.classifier, learnt.descent, {})
    inspector = inspector_for(taught.load(file), "cpu", "eager")
    right = 0
    for index in learnt.split.held_out:
        example = learnt.dataset.examples[index]
        predictions = inspector.inspect(images.load(example.path)).predictions
        best = max(predictions, key=lambda prediction: prediction.score)
        right += learnt.dataset.classes[best.index] == example.labels[0]
    return right / len(learnt.split.held_out)
