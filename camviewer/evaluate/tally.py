"""Figures of merit, counted picture by picture."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from camviewer.evaluate.box_accuracy import OVERLAPS, BoxAccuracy, Overlaps, reaches
from camviewer.evaluate.pixel_precision import Histogram, PixelPrecision

_HALF = 0.5


@dataclass(frozen=True, eq=False)
class Located:
    """What one picture's map is worth, where it is known where the thing is.

    Attributes:
        overlap: best intersection over union of a derived box, by the request's rule, with a drawn
            one, in [0, 1].
        whole: that of a box around the whole picture.
        at: `overlap` for other thresholds, ``(thresholds,)``.
        sweep: see `box_accuracy.sweep`.
        pointed: a hit of the pointing game.
        pixels: see `pixel_precision.histograms`; None without a mask.
    """

    overlap: float
    whole: float
    at: Overlaps
    sweep: tuple[Overlaps, Overlaps]
    pointed: bool
    pixels: tuple[Histogram, Histogram] | None


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Shares of pictures, in [0, 1]; None where there was nothing to measure.

    Attributes:
        pictures: how many were measured; a picture with things of several classes counts for each.
        marked: on how many of them it is known where the class is; only `top1` is of all.
        top1: the most probable class is on the picture.
        gt_known: a box of the true class meets a true box with IoU >= 0.5.
        gt_known_by_overlap: likewise for IoU >= 0.3, 0.5 and 0.7.
        top1_localization: the true class is the most probable one, and `gt_known` holds.
        whole_picture: what `gt_known` would be for a box around the whole picture.
        by_threshold: `gt_known` for other thresholds of the request's rule.
        max_box_acc: see `BoxAccuracy`.
        max_box_acc_threshold: the threshold that gives it.
        max_box_acc_v2: see `BoxAccuracy`.
        max_box_acc_v2_by_overlap: its terms.
        px_ap: see `PixelPrecision`; over all classes, the mean of theirs.
        pointing: hits of the pointing game; over all classes, the mean of theirs.
    """

    pictures: int
    marked: int
    top1: float | None
    gt_known: float | None
    gt_known_by_overlap: dict[float, float | None]
    top1_localization: float | None
    whole_picture: float | None
    by_threshold: dict[float, float | None]
    max_box_acc: float | None
    max_box_acc_threshold: float | None
    max_box_acc_v2: float | None
    max_box_acc_v2_by_overlap: dict[float, float | None]
    px_ap: float | None
    pointing: float | None

    def as_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return asdict(self)


class Tally:
    """Counts what is known of pictures; what it keeps does not grow with them."""

    def __init__(self, thresholds: Sequence[float]) -> None:
        """Nothing is counted yet.

        Args:
            thresholds: those of `Located.at`.
        """
        self._thresholds = tuple(thresholds)
        self._pictures = self._marked = 0
        self._right = self._right_and_met = self._whole = self._pointed = 0
        self._met = np.zeros(len(OVERLAPS), np.int64)
        self._met_at = np.zeros(len(self._thresholds), np.int64)
        self._boxes = BoxAccuracy()
        self._pixels = PixelPrecision()

    def add(self, located: Located | None, *, right: bool, first: bool) -> None:
        """Count a picture.

        Args:
            located: None where nothing is marked.
            right: the most probable class is on the picture.
            first: it is the class that was located.
        """
        self._pictures += 1
        self._right += right
        if located is None:
            return
        self._marked += 1
        met = reaches(located.overlap, np.array(OVERLAPS))
        self._met += met
        self._met_at += reaches(located.at, _HALF)
        self._right_and_met += first and bool(met[OVERLAPS.index(_HALF)])
        self._whole += bool(reaches(located.whole, _HALF))
        self._pointed += located.pointed
        self._boxes.add(*located.sweep)
        if located.pixels is not None:
            self._pixels.add(*located.pixels)

    def figures(self) -> Figures:
        """What was counted so far."""
        boxes, known = self._boxes, self._marked > 0
        by_overlap = boxes.by_overlap.items()
        return Figures(
            pictures=self._pictures,
            marked=self._marked,
            top1=self._right / self._pictures if self._pictures else None,
            gt_known=self._share(self._met[OVERLAPS.index(_HALF)]),
            gt_known_by_overlap=self._shares(OVERLAPS, self._met),
            top1_localization=self._share(self._right_and_met),
            whole_picture=self._share(self._whole),
            by_threshold=self._shares(self._thresholds, self._met_at),
            max_box_acc=boxes.max_box_acc if known else None,
            max_box_acc_threshold=boxes.best_cut if known else None,
            max_box_acc_v2=boxes.max_box_acc_v2 if known else None,
            max_box_acc_v2_by_overlap={o: share if known else None for o, share in by_overlap},
            px_ap=self._pixels.average,
            pointing=self._share(self._pointed),
        )

    def _share(self, count: int) -> float | None:
        return int(count) / self._marked if self._marked else None

    def _shares(
        self, keys: Sequence[float], counts: NDArray[np.int64]
    ) -> dict[float, float | None]:
        return {key: self._share(count) for key, count in zip(keys, counts, strict=True)}


def mean(values: Sequence[float | None]) -> float | None:
    """Of those that are known; None without any."""
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
