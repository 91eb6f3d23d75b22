"""What the starter costs live: `uv run python -m tests.benchmarks.bench_starter`.

A 640 x 480 frame to scores and the maps of all classes, and to a whole inspection with boxes of the
classes that are found, beside MobileNetV3-Small's plain forward pass on 224 x 224 pixels, in blocks
that take turns; medians, and their ratio.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np
import torch
from torchvision.models import mobilenet_v3_small

from camviewer import paths
from camviewer.cam.explainer import Explainer
from camviewer.cam.methods.linear import cam
from camviewer.cam.targets import classes
from camviewer.inspector import Inspector
from camviewer.media import images
from camviewer.models import catalog
from camviewer.types import Fit, Frame

_BLOCKS, _RUNS = 15, 12


def _milliseconds(call: Callable[[], object]) -> float:
    times = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


def main() -> None:
    """Measure and print."""
    picture = images.load(paths.resources() / "samples" / "parcel.jpg")
    pixels = np.asarray(cv2.resize(picture.pixels, (640, 480)), np.uint8)
    classifier = catalog.load("starter")
    inspector = Inspector(classifier, "cpu", runtime="eager")
    preprocessing = classifier.preprocessing
    explainer = Explainer(
        classifier.network, preprocessing.input_size, torch.device("cpu"), runtime="eager"
    )
    targets = classes(*range(len(classifier.labels)))
    other = mobilenet_v3_small().eval()
    square = torch.rand(1, 3, 224, 224)

    def maps() -> object:
        frame = Frame(pixels, "bench")
        geometry = preprocessing.geometry(frame.size, Fit.WHOLE)
        run = explainer.run(preprocessing.tensor(frame, geometry), explainer.automatic)
        return run.prediction, cam(run, targets)

    def inspection() -> object:
        # a new frame each time: nothing of the last one is used again
        return inspector.inspect(Frame(pixels, "bench"))

    def plain() -> object:
        with torch.inference_mode():
            return other(square)

    rounds = [[_milliseconds(call) for call in (maps, inspection, plain)] for _ in range(_BLOCKS)]
    ours, whole, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(row[0] / row[2] for row in rounds)
    print(  # noqa: T201
        f"starter on {torch.get_num_threads()} threads, 640 x 480 to scores and maps of all "
        f"classes: {ours:.1f} ms, {ratio:.1f} times MobileNetV3-Small's forward pass "
        f"({theirs:.1f} ms); a whole inspection: {whole:.1f} ms"
    )


if __name__ == "__main__":
    main()
