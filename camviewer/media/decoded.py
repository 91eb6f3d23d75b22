"""Whatever ffmpeg decodes, as upright RGB with square pixels.

HDR pictures (PQ, HLG) are not tone-mapped: they look pale.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, VideoReformatter

from camviewer.types import Pixels, Size

_HD = 720  # from here on, pictures that do not say how their colours are coded mean BT.709
_UNSAID = 2  # AVCOL_SPC_UNSPECIFIED
_ODDEST = 4  # pixels four times as wide as high are a mistake in the file


class Developer:
    """Turns the frames of one stream into pictures that are all of one size.

    Args:
        first: a frame of the stream; it says how all are to be turned.
        aspect: width over height of a pixel; None for square.

    Attributes:
        taken_from: ``(height, width)`` of that frame.
    """

    def __init__(self, first: VideoFrame, aspect: Fraction | None) -> None:
        stretch = float(aspect) if aspect and 1 / _ODDEST <= aspect <= _ODDEST else 1.0
        self.taken_from: Size = first.height, first.width
        self._size = first.height, max(1, round(first.width * stretch))
        self._turn = _Turn(first)
        self._reformatter = VideoReformatter()

    @property
    def size(self) -> Size:
        """``(height, width)`` of the upright pictures."""
        height, width = self._size
        return (width, height) if self._turn.transposes else (height, width)

    def pixels(self, frame: VideoFrame) -> Pixels:
        """RGB uint8 ``(height, width, 3)``, C-contiguous."""
        height, width = self._size
        coding: int | None = None
        if frame.colorspace == _UNSAID and min(frame.height, frame.width) >= _HD:
            coding = Colorspace.ITU709
        rgb = self._reformatter.reformat(
            frame, width, height, "rgb24", src_colorspace=coding, threads=1
        )
        return np.ascontiguousarray(self._turn.upright(np.asarray(rgb.to_ndarray(), np.uint8)))


class _Turn:
    """One of the eight ways to lay a picture down, from the display matrix of a frame.

    The matrix takes a pixel at (x, y) to (a x + c y, b x + d y).
    """

    def __init__(self, frame: VideoFrame) -> None:
        a, b, c, d = (1, 0, 0, 1)
        # a frame that was asked for it keeps itself alive: a small copy is asked; and the type that
        # is declared for it is wrong
        extra: Any = frame.reformat(2, 2, "gray").side_data
        if Type.DISPLAYMATRIX in extra:
            matrix = np.frombuffer(bytes(extra[Type.DISPLAYMATRIX]), np.int32)
            a, b, c, d = (int(matrix[place]) for place in (0, 1, 3, 4))
        self.transposes = abs(b) + abs(c) > abs(a) + abs(d)
        self._across = c < 0 if self.transposes else a < 0
        self._down = b < 0 if self.transposes else d < 0

    def upright(self, pixels: Pixels) -> Pixels:
        if self.transposes:
            pixels = pixels.transpose(1, 0, 2)
        return pixels[:: -1 if self._down else 1, :: -1 if self._across else 1]
