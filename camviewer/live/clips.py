"""Live, for networks that look at several frames at once."""

from __future__ import annotations

from camviewer.inspector import ClipInspector, ClipWindow, Request
from camviewer.live.slot import Arrival
from camviewer.types import Clip, Frame, Inspection


class ClipEye:
    """Looks at a frame of a live source in the light of those before it.

    A network of clips needs more frames than it is given time for: those that nobody takes out of
    the slot as well. Make `notice` the slot's `tap`, so that they are seen.
    """

    def __init__(self, inspector: ClipInspector) -> None:
        """Remember nothing yet.

        Args:
            inspector: used on the thread that calls the eye.
        """
        self._inspector = inspector
        self._window = ClipWindow(inspector.expected)
        self._tapped = False

    def notice(self, arrival: Arrival) -> None:
        """Remember a frame; from any thread, in a millisecond or two."""
        self._tapped = True
        self._window.add(arrival.frame)

    def __call__(self, frame: Frame, request: Request) -> Inspection:
        """Explain a frame with the clip that ends at it; a clip as it is.

        Raises:
            CamviewerError: see `ClipInspector.inspect`.
        """
        if isinstance(frame, Clip):
            return self._inspector.inspect(frame, request)
        if not self._tapped:
            self._window.add(frame)
        return self._inspector.inspect(self._window.ending_at(frame), request)
