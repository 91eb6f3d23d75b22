"""The one pipeline from a frame to its inspection; the window and the command line both call it."""

from camviewer.inspector.inspector import Inspector, Watch
from camviewer.inspector.request import SHARPEST, Request, Sharper

__all__ = ["SHARPEST", "Inspector", "Request", "Sharper", "Watch"]
