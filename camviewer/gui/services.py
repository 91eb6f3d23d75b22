"""What the window calls on that blocks; tests put fakes in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from camviewer.inspector import Inspector, inspector_for
from camviewer.media import images
from camviewer.models import catalog
from camviewer.models.classifier import Classifier
from camviewer.types import Frame


def _open(classifier: Classifier, device: str, runtime: str) -> Inspector:
    """An inspector that makes what is faster in the background: a window stays open."""
    return inspector_for(classifier, device, runtime, background=True)


@dataclass(frozen=True)
class Services:
    """The blocking calls the engine makes off the GUI thread; tests put fakes here."""

    load_picture: Callable[[Path], Frame] = images.load
    decode_picture: Callable[[bytes, str], Frame] = images.from_bytes
    load_classifier: Callable[..., Classifier] = catalog.load
    make_inspector: Callable[[Classifier, str, str], Inspector] = _open
