"""What the starter costs live: `uv run python -m tests.benchmarks.bench_starter`.

A 640 x 480 frame to scores and the maps of all classes, beside MobileNetV3-Small's plain forward
pass on 224 x 224 pixels, in blocks that take turns; medians, and their ratio.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torchvision.models import mobilenet_v3_small

from camviewer.inspector import Inspector, Request
from camviewer.models import catalog
from camviewer.types import Frame

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
    rng = np.random.default_rng(0)
    inspector = Inspector(catalog.load("starter"), "cpu", runtime="eager")
    request = Request(targets=tuple(range(len(inspector.classifier.labels))))
    pixels = rng.integers(0, 256, (480, 640, 3), dtype=np.uint8)
    network = mobilenet_v3_small().eval()
    picture = torch.rand(1, 3, 224, 224)

    def plain() -> object:
        with torch.inference_mode():
            return network(picture)

    def whole() -> object:
        # a new frame each time: nothing of the last one is used again
        return inspector.inspect(Frame(pixels, "bench"), request)

    pairs = [(_milliseconds(whole), _milliseconds(plain)) for _ in range(_BLOCKS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(  # noqa: T201
        f"starter, 640 x 480 to scores and maps of all classes with boxes: {ours:.1f} ms on "
        f"{torch.get_num_threads()} threads; {ratio:.1f} times MobileNetV3-Small's forward pass "
        f"({theirs:.1f} ms)"
    )


if __name__ == "__main__":
    main()
