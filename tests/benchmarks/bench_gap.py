"""Teach converted AlexNet and VGG-16 from random numbers, and see whether they localise.

    python -m tests.benchmarks.bench_gap [NETWORK ...] [--side 128] [--epochs 10]

Pictures of coloured discs and squares are rendered; the network is told their class names only.
Prints the accuracy on held-out pictures, and how often the highest value of the class activation
map lies on the thing, which is 13 % at random. Fails below 90 % and 70 %.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from camviewer.inspector import Inspector, Request
from camviewer.media import images
from camviewer.models import gap
from camviewer.models.classifier import Classifier
from camviewer.teach.data.dataset import Dataset
from camviewer.teach.data.split import Split
from camviewer.teach.deep import Tuned, fine_tune
from camviewer.teach.deep.options import from_scratch
from tests.teach.things import CLASSES, draw, thing

_LEAST_ACCURACY = 0.9
_LEAST_POINTING = 0.7

Task = tuple[Dataset, Split]


def taught(folder: Path, name: str, side: int, epochs: int, rate: float) -> tuple[Task, Tuned]:
    """A converted network of random numbers, taught with 16 pictures of each class."""
    task = draw(folder, 24, side, 8)
    expected = replace(gap.preprocessing(name), input_size=side, resize_size=side)
    given = Classifier(name, gap.build(name, len(CLASSES)), CLASSES, expected)
    options = from_scratch(epochs=epochs, rate=rate, head_rate=rate, batch=8)
    return task, fine_tune(given, *task, options, device="cpu")


def pointed(task: Task, classifier: Classifier, side: int) -> float:
    """The share of held-out pictures in which the map's highest value lies on the thing."""
    dataset, split = task
    inspector = Inspector(classifier, "cpu", "eager")
    hits = 0
    for index in split.held_out:
        example = dataset.examples[index]
        (kind,) = example.labels
        request = Request(targets=(CLASSES.index(kind),))
        heatmap = inspector.inspect(images.load(example.path), request).explanations[0].heatmap
        row, column = np.unravel_index(heatmap.values.argmax(), heatmap.values.shape)
        rows, columns = heatmap.values.shape
        x, y = (column + 0.5) * side / columns, (row + 0.5) * side / rows
        left, top, right, bottom = thing(kind, int(example.path.stem[len(kind) :]), side)[1]
        hits += left <= x <= right and top <= y <= bottom
    return hits / len(split.held_out)


def main() -> int:
    """Run the benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=["alexnet-gap", "vgg16-gap"])
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    sound = True
    for name in options.networks:
        before = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            task, made = taught(Path(folder), name, options.side, options.epochs, 1e-4)
            share = pointed(task, made.classifier, options.side)
        accuracy = made.epochs[made.best].accuracy
        seconds = time.perf_counter() - before
        line = f"{name}: accuracy {accuracy:.0%}, pointing {share:.0%}, {seconds:.0f} s"
        print(line, flush=True)  # noqa: T201
        sound = sound and accuracy >= _LEAST_ACCURACY and share >= _LEAST_POINTING
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
