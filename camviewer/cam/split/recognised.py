"""Which activations are grids, and so layers that can be looked at."""

from __future__ import annotations

from torch import Tensor

from camviewer.cam.layout import Axes, clip_layout_of, layout_of
from camviewer.cam.split import Layer


class Recogniser:
    """Looks at the activations of one run, in the order in which they were computed."""

    def __init__(self, probe: Tensor) -> None:
        """Expect what is computed from a probe.

        Args:
            probe: square pictures ``(1, 3, side, side)``, or a clip of such
                ``(1, 3, frames, side, side)``.
        """
        self._size = probe.shape[-2], probe.shape[-1]
        self._of_clips = probe.ndim == 5
        self._moments = 1

    def layer(self, name: str, operation: str, shape: tuple[int, ...]) -> Layer | None:
        """The layer with an activation of this shape; None if it has no grid."""
        if self._of_clips:
            layout = clip_layout_of(shape, self._size, self._moments)
        else:
            layout = layout_of(shape, self._size)
        if layout is None:
            return None
        # tokens are made of a grid, or cut along the same moments as the last one was
        self._moments = layout.moments(shape)
        channels = shape[1] if layout.axes is Axes.CHANNELS_FIRST else shape[-1]
        return Layer(name, operation, layout, channels, layout.cells(shape, self._size))
