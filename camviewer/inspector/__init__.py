"""The one pipeline from a frame to its inspection; the window and the command line both call it."""

from camviewer.cam.methods import AUTO
from camviewer.inspector.along import along
from camviewer.inspector.clips import ClipInspector
from camviewer.inspector.inspector import Inspector, Watch
from camviewer.inspector.request import SHARPEST, Request, Sharper
from camviewer.inspector.window import ClipWindow
from camviewer.models.classifier import Classifier
from camviewer.models.video_preprocess import ClipPreprocessing

__all__ = [
    "SHARPEST",
    "ClipInspector",
    "ClipWindow",
    "Inspector",
    "Request",
    "Sharper",
    "Watch",
    "along",
    "inspector_for",
]


def inspector_for(
    classifier: Classifier, device: str = AUTO, runtime: str = AUTO, *, background: bool = False
) -> Inspector:
    """The inspector that a classifier needs: of clips, or of pictures.

    Args:
        classifier: the network with labels and preprocessing.
        device: see `Inspector`.
        runtime: likewise.
        background: likewise.

    Raises:
        CamviewerError: if the device, the network or the runtime cannot be used.
    """
    of_clips = isinstance(classifier.preprocessing, ClipPreprocessing)
    kind = ClipInspector if of_clips else Inspector
    return kind(classifier, device, runtime, background=background)
