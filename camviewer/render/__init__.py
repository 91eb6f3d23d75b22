"""What a person sees: the heatmap's colours over the picture, and the boxes with their captions.

The canvas and the export call the same functions, so what is exported is what was shown.

**One class**: the colour map is laid over the picture at constant opacity, as the literature does:
the hue then tells the value everywhere, also where it is low.

**Several classes**: each has its own colour of the Okabe-Ito palette, and the more a place speaks
for a class, the less of the picture shines through. Where classes overlap, the one that is stronger
there and more probable gives the colour, whatever their order; colours mix only where they are as
good as equal (in proportion to value to the fourth times score).

**Not seen**: what the network did not look at (the evaluation crop leaves a margin) is grey and
dark, more so with growing opacity, up to one half.

`on_device` does the same on a GPU.
"""

from camviewer.render.render import (
    CLASS_COLORS,
    ColorMap,
    View,
    blend,
    box_caption,
    class_color,
    heatmap_only,
    lookup_table,
    overlay,
    percent,
    scaled,
)

__all__ = [
    "CLASS_COLORS",
    "ColorMap",
    "View",
    "blend",
    "box_caption",
    "class_color",
    "heatmap_only",
    "lookup_table",
    "overlay",
    "percent",
    "scaled",
]
