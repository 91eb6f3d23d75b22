"""The script people write first, on the magnetic tiles: issue 6's prototype.

    python -m tests.benchmarks.plain_prototype [--splits N]

MobileNetV2's last features of squares of 224 pixels, averaged, logistic regression on them
(strength one over the number of pictures, as scikit-learn begins with), and CAM stretched from its
minimum to its maximum, as the script beside the paper does. Nothing of camviewer's engine or
teaching is in it; halves and measures are those of `bench_taught`'s shuffled rows.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
import torchvision
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from camviewer.boxes import find_boxes
from camviewer.evaluate.box_accuracy import overlaps, sweep
from camviewer.evaluate.datasets import Truth
from camviewer.evaluate.datasets.masks import masks
from camviewer.evaluate.pixel_precision import histograms
from camviewer.evaluate.pointing import points_at_mask
from camviewer.evaluate.tally import Figures, Located, Tally, mean
from camviewer.media.images import load
from camviewer.types import BoxRule, Geometry, Heatmap
from tests.benchmarks.bench_taught import DATA, Material, dealt, tiles

_SIDE = 224
_STEPS = 300  # of L-BFGS
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, as the weights want


def features(pictures: Sequence[Path]) -> Tensor:
    """The maps that average pooling follows on, ``(pictures, channels, rows, columns)``."""
    network = torchvision.models.mobilenet_v2()
    weights = torch.load(DATA / "weights" / "mobilenet_v2-imagenet.pth", weights_only=True)
    network.load_state_dict(weights)
    network.eval()
    centre, spread = (torch.tensor(v).view(3, 1, 1) for v in (_MEAN, _STD))
    found = []
    for path in pictures:
        square = cv2.resize(load(path).pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        values = torch.from_numpy(square).permute(2, 0, 1).float() / 255
        with torch.no_grad():
            found.append(network.features(((values - centre) / spread)[None]))
    return torch.cat(found)


def logistic(rows: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """The weights ``(classes, channels)`` and biases of a regularised logistic regression."""
    centre = rows.mean(0)
    count = int(classes.max()) + 1
    weight = torch.zeros(count, rows.shape[1], requires_grad=True)
    bias = torch.zeros(count, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def objective() -> Tensor:
        optimiser.zero_grad()
        loss = F.cross_entropy((rows - centre) @ weight.T + bias, classes)
        loss = loss + weight.square().sum() / (2 * len(rows))
        loss.backward()
        return loss

    optimiser.step(objective)
    return weight.detach(), bias.detach() - weight.detach() @ centre


def measure(material: Material, seed: int) -> dict[str, float]:
    """Learn one half of the pictures, and measure the other."""
    names = sorted(material.classes)
    halves = [
        [(path, names.index(name)) for name in names for path in half[name]]
        for half in dealt(material, seed)
    ]
    (taught, truth), (held_out, classes) = (zip(*half, strict=True) for half in halves)
    weight, bias = logistic(features(taught).mean((2, 3)), torch.tensor(truth))
    maps = features(held_out)
    answers = (maps.mean((2, 3)) @ weight.T + bias).argmax(1).tolist()
    marked = {sample.picture: sample for sample in masks(DATA / "magnetic_tile").samples}
    tallies = {name: Tally(()) for name in names}
    everything = Tally(())
    for path, index, answer, grid in zip(held_out, classes, answers, maps, strict=True):
        cam = torch.einsum("k,khw->hw", weight[index], grid)
        located = _located((cam - cam.min()).numpy(), marked[path].truth())
        for tally in (everything, tallies[names[index]]):
            tally.add(located, right=answer == index, first=answer == index)
    return _told(everything.figures(), [tally.figures() for tally in tallies.values()])


def _located(values: NDArray[np.float32], truth: Truth) -> Located | None:
    if truth.mask is None:
        return None
    height, width = truth.mask.shape
    lies = Geometry((height, width), (_SIDE, _SIDE), (_SIDE / height, _SIDE / width))
    heatmap = Heatmap(values, lies, 0, "", 1.0)
    boxes = find_boxes(heatmap, BoxRule())
    found = np.array([(b.x, b.y, b.x + b.width, b.y + b.height) for b in boxes], np.float64)
    found /= (width, height, width, height)
    return Located(
        overlap=float(overlaps(found, truth.boxes).max()),
        whole=float(overlaps(np.array([(0.0, 0.0, 1.0, 1.0)]), truth.boxes)[0]),
        at=np.zeros(0),
        sweep=sweep(heatmap, truth.boxes),
        pointed=points_at_mask(heatmap, truth.mask),
        pixels=histograms(heatmap, truth.mask),
    )


def _told(everything: Figures, by_class: Sequence[Figures]) -> dict[str, float]:
    found = {
        "right": everything.top1,
        "IoU 0.3": everything.gt_known_by_overlap[0.3],
        "IoU 0.5": everything.gt_known_by_overlap[0.5],
        "PxAP": mean([figures.px_ap for figures in by_class]),
        "pointing": mean([figures.pointing for figures in by_class]),
    }
    return {name: value for name, value in found.items() if value is not None}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=2, metavar="N", help="seeds 0 to N - 1")
    arguments = parser.parse_args()
    rows = [measure(tiles(), seed) for seed in range(arguments.splits)]
    for name in rows[0]:
        print(f"{name:10}{statistics.fmean(row[name] for row in rows):.3f}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
