"""Boxes, and the rules by which they are derived from maps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from camviewer.errors import CamviewerError


class Rule(StrEnum):
    """How boxes are derived from a map."""

    LARGEST = "largest"  # Zhou et al. 2016: the largest component above a share of the maximum
    ALL = "all"  # every component above a share of the maximum
    OTSU = "otsu"  # every component above Otsu's threshold
    LARGEST_OTSU = "largest-otsu"  # the largest of those
    PERCENTILE = "percentile"  # every component above a percentile of the map

    @property
    def finds_threshold(self) -> bool:
        """The map itself says where it is cut, and no threshold is asked for."""
        return self in (Rule.OTSU, Rule.LARGEST_OTSU)

    @property
    def keeps_one(self) -> bool:
        """One component alone is enclosed, whatever its size."""
        return self in (Rule.LARGEST, Rule.LARGEST_OTSU)


@dataclass(frozen=True)
class BoxRule:
    """A rule with its numbers.

    Attributes:
        rule: which rule.
        threshold: share of the maximum in [0, 1] (largest, all) or the share of the map that lies
            below (percentile); unused by Otsu.
        min_area: components smaller than this share of the picture are dropped (never by largest).
        grabcut: boxes are refined by the picture's own edges and colours.

    Raises:
        CamviewerError: if a share is not in [0, 1].
    """

    rule: Rule = Rule.LARGEST
    threshold: float = 0.2
    min_area: float = 0.002
    grabcut: bool = False

    def __post_init__(self) -> None:
        for name, share in (("threshold", self.threshold), ("minimum area", self.min_area)):
            if not 0 <= share <= 1:
                raise CamviewerError(f"The {name} is a share between 0 and 1, not {share:g}.")


@dataclass(frozen=True)
class Box:
    """A box in picture pixels, inside the picture.

    ``score`` is the class score in [0, 1]; of boxes around all components, times the component's
    peak over the map's maximum.
    ``threshold`` is the share of the map's maximum that was cut at. ``number`` tells boxes of a
    video apart: the same thing keeps its number from frame to frame; None in still pictures.
    """

    x: float
    y: float
    width: float
    height: float
    target: int
    label: str
    score: float
    threshold: float
    number: int | None = None
