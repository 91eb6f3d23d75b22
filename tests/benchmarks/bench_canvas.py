"""How long a slider takes to reach the screen: set the view, blend, paint.

    python -m tests.benchmarks.bench_canvas

Prints the median and the 95th percentile in milliseconds. A 1920 x 1080 window shows a picture of
1920 x 1080 and one of 6000 x 4000, whole and at actual size, with one and with three classes, while
the opacity is dragged, and while the threshold is.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from camviewer.boxes import rebox
from camviewer.gui.canvas import Canvas
from camviewer.render import View
from camviewer.types import BoxRule, Frame, Geometry, Inspection, Rule
from tests.gui import fakes

_STEPS = 200
_WARM_UP = 20


def inspection(height: int, width: int, classes: int) -> Inspection:
    """Noise, explained at 32 input pixels per map cell as ResNets do at 224 pixels."""
    random = np.random.default_rng(0)
    frame = Frame(random.integers(0, 256, (height, width, 3), dtype=np.uint8), "noise")
    scale = 224 / height
    lies = Geometry((height, width), (224, round(width * scale)), (scale, scale))
    cells = 7, round(width * scale / 32)
    maps = [random.normal(size=cells).astype(np.float32) for _ in range(classes)]
    return fakes.inspection(frame, *maps, lies=lies)


def milliseconds(canvas: Canvas, change: Callable[[int], None]) -> list[float]:
    """What each change takes until it is painted."""
    taken = []
    for step in range(_WARM_UP + _STEPS):
        before = time.perf_counter()
        change(step)
        canvas.repaint()
        taken.append((time.perf_counter() - before) * 1000)
    return taken[_WARM_UP:]


def measure(canvas: Canvas, size: tuple[int, int], classes: int, *, actual: bool) -> None:
    """Drag both sliders over one picture and print what it took."""
    made = inspection(*size, classes)
    canvas.set_inspection(made)
    if actual:
        canvas.viewport.actual(canvas.width() / 2, canvas.height() / 2)
    else:
        canvas.zoom_fit()

    def opacity(step: int) -> None:
        canvas.set_view(replace(View(), opacity=0.05 + 0.9 * (step % 50) / 50))

    def threshold(step: int) -> None:
        canvas.set_inspection(rebox(made, BoxRule(Rule.ALL, 0.1 + 0.8 * (step % 50) / 50)))

    where = "actual" if actual else "whole "
    for name, change in (("opacity", opacity), ("threshold", threshold)):
        taken = milliseconds(canvas, change)
        median, late = np.percentile(taken, [50, 95])
        sys.stdout.write(
            f"{size[1]} x {size[0]}  {where}  {classes} classes  {name:9}  "
            f"median {median:5.1f} ms  p95 {late:5.1f} ms\n"
        )


def main() -> None:
    app = QApplication([])
    canvas = Canvas()
    canvas.resize(1920, 1080)
    canvas.show()
    app.processEvents()
    for size in ((1080, 1920), (4000, 6000)):
        for classes in (1, 3):
            for actual in (False, True):
                measure(canvas, size, classes, actual=actual)


if __name__ == "__main__":
    main()
