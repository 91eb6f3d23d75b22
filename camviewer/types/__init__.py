"""The nouns of the house: what flows from a picture to its explanation.

Coordinates are continuous: pixel ``i`` covers ``[i, i + 1)`` and its centre lies at ``i + 0.5``.
Sizes are ``(height, width)``, as in numpy; points are ``(x, y)``, as on a screen.
"""

from camviewer.types.box import Box, BoxRule, Rule
from camviewer.types.heatmap import Heatmap
from camviewer.types.inspection import Ask, Explanation, Inspection, Origin, Prediction, Question
from camviewer.types.picture import Clip, Fit, Frame, Geometry, Map, Pixels, Size

__all__ = [
    "Ask",
    "Box",
    "BoxRule",
    "Clip",
    "Explanation",
    "Fit",
    "Frame",
    "Geometry",
    "Heatmap",
    "Inspection",
    "Map",
    "Origin",
    "Pixels",
    "Prediction",
    "Question",
    "Rule",
    "Size",
]
