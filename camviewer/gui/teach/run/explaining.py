"""Why a picture was taken for something: its heatmaps, made off the GUI thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from camviewer import render
from camviewer.errors import CamviewerError, CancelledError
from camviewer.gui.crash import message_for
from camviewer.gui.interrupt import interruptible
from camviewer.gui.worker import Lane, Ticket
from camviewer.inspector import Inspector, Request, inspector_for
from camviewer.media import images
from camviewer.models import taught
from camviewer.models.classifier import Classifier
from camviewer.render import View
from camviewer.types import Explanation, Frame, Inspection, Pixels

HEIGHT = 132  # pixels of the small pictures
_WIDEST = 320


@dataclass(frozen=True)
class Wanted:
    """A picture that is to be explained.

    Attributes:
        path: where it lies now.
        classes: what is asked about, at most two; the first one is what it was taken for.
    """

    path: Path
    classes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture, and what spoke for a class.

    Attributes:
        label: the class; empty for the picture alone.
        score: in [0, 1]; of no meaning for the picture alone.
        image: the picture, with the class's heatmap.
    """

    label: str
    score: float
    image: QImage


@dataclass(frozen=True, eq=False)
class Explained:
    """What came of it.

    Attributes:
        wanted: what was asked.
        shown: the picture alone, then each class; none if that failed.
        message: why it failed, for people; empty if it did not.
    """

    wanted: Wanted
    shown: tuple[Shown, ...] = ()
    message: str = ""


class Explainer(QObject):
    """Explains pictures one after the other by the one Inspector.

    Signals:
        explained(Explained): the next one.

    Attributes:
        lane: the thread; whoever owns this ends it.
    """

    explained = Signal(object)
    _made = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source: Classifier | Path | None = None
        self._opened_last: tuple[Classifier | Path, Inspector] | None = None  # the thread's own
        self.lane = Lane("why it failed", self)
        self._made.connect(self._hand_out, Qt.ConnectionType.QueuedConnection)

    def use(self, source: Classifier | Path | None) -> None:
        """Ask this network from now on, or the one in this file; None to ask none."""
        self.lane.cancel()
        self._source = source

    def explain(self, pictures: Sequence[Wanted], view: View) -> None:
        """Explain these and no others.

        Args:
            pictures: in this order.
            view: colours and opacity.
        """
        source, todo = self._source, tuple(pictures)
        if source is None or not todo:
            self.lane.cancel()
            return
        self.lane.submit(lambda ticket: self._work(ticket, source, todo, view))

    def _work(
        self, ticket: Ticket, source: Classifier | Path, todo: Sequence[Wanted], view: View
    ) -> None:
        trouble = ""
        try:
            with interruptible(ticket.cancelled):
                inspector = self._opened(source)
        except CamviewerError as error:
            if ticket.cancelled():
                return
            inspector, trouble = None, message_for(error)
        for wanted in todo:
            if ticket.cancelled():
                return
            made = Explained(wanted, message=trouble)
            if inspector is not None:
                made = _explained(inspector, wanted, view, ticket)
            self._made.emit(ticket.generation, made)

    def _opened(self, source: Classifier | Path) -> Inspector:
        """The Inspector of a network; the last one is kept."""
        last = self._opened_last
        if last is None or last[0] is not source:
            classifier = taught.load(source) if isinstance(source, Path) else source
            last = self._opened_last = source, inspector_for(classifier, "auto", "eager")
        return last[1]

    def _hand_out(self, generation: int, made: Explained) -> None:
        if generation == self.lane.generation:
            self.explained.emit(made)


def _explained(inspector: Inspector, wanted: Wanted, view: View, ticket: Ticket) -> Explained:
    try:
        frame = images.load(wanted.path)
        labels = inspector.classifier.labels
        targets = tuple(labels.index(name) for name in wanted.classes)
        with interruptible(ticket.cancelled):
            inspection = inspector.inspect(frame, Request(targets=targets))
        return Explained(wanted, _shown(frame, inspection, view))
    except CancelledError:
        return Explained(wanted)
    except Exception as error:  # a thread's edge: the card tells it, the log has it all
        return Explained(wanted, message=message_for(error))


def _shown(frame: Frame, inspection: Inspection, view: View) -> tuple[Shown, ...]:
    height, width = frame.size
    scale = min(2 * HEIGHT / height, 2 * _WIDEST / width, 1.0)
    small = render.scaled(frame, (max(1, round(height * scale)), max(1, round(width * scale))))
    made = [Shown("", 0.0, _image(small))]
    made += [
        Shown(e.heatmap.label, e.heatmap.score, _image(_laid_over(small, inspection, e, view)))
        for e in inspection.explanations
    ]
    return tuple(made)


def _laid_over(
    picture: Pixels, inspection: Inspection, explanation: Explanation, view: View
) -> Pixels:
    return render.blend(inspection.with_explanations((explanation,)), view, picture)


def _image(pixels: Pixels) -> QImage:
    height, width = pixels.shape[:2]
    whole = np.ascontiguousarray(pixels)
    # a copy: Qt's picture does not own the array's memory
    return QImage(whole.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
