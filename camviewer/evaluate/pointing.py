"""The pointing game: does the map's maximum lie on the thing?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from camviewer.boxes import Corners
from camviewer.evaluate.datasets import Mask
from camviewer.types import Heatmap

_TOLERANCE = 15.0


def peak(heatmap: Heatmap) -> tuple[float, float]:
    """The picture point ``(x, y)`` where the map is highest, of what the network saw.

    Where the map is flat at its top, as it is along the picture's border, the pixel nearest to the
    middle of the top.
    """
    rows, columns = heatmap.geometry.window()
    seen = heatmap.resample(np.nan_to_num(heatmap.values))[rows, columns]
    top = np.argwhere(seen == seen.max())
    nearest = top[((top - top.mean(0)) ** 2).sum(1).argmin()]
    return float(columns.start + nearest[1]) + 0.5, float(rows.start + nearest[0]) + 0.5


def points_at(heatmap: Heatmap, boxes: Sequence[Corners], tolerance: float = _TOLERANCE) -> bool:
    """Whether the map's maximum lies on a box, give or take.

    Zhang et al. 2018, Top-Down Neural Attention by Excitation Backprop, section 4.1: a hit when the
    maximum lies on an instance of the category or within 15 pixels of it. The measure is the share
    of hits, averaged over the categories.

    Args:
        heatmap: of the category.
        boxes: ``(left, top, right, bottom)`` as shares of the picture, in [0, 1].
        tolerance: pixels of the picture.
    """
    x, y = peak(heatmap)
    height, width = heatmap.geometry.picture
    return any(
        left * width - tolerance <= x <= right * width + tolerance
        and top * height - tolerance <= y <= bottom * height + tolerance
        for left, top, right, bottom in boxes
    )


def points_at_mask(heatmap: Heatmap, mask: Mask, tolerance: float = _TOLERANCE) -> bool:
    """`points_at` where the instances' pixels are known.

    Args:
        heatmap: of the category.
        mask: bool ``(height, width)``, all instances; of another size than the picture, it is laid
            over all of it.
        tolerance: pixels of the picture.
    """
    x, y = peak(heatmap)
    height, width = heatmap.geometry.picture
    rows, columns = np.nonzero(mask)
    away = np.hypot(
        (columns + 0.5) * (width / mask.shape[1]) - x, (rows + 0.5) * (height / mask.shape[0]) - y
    )
    return bool((away <= tolerance).any())
