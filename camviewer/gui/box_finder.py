"""Boxes by another rule: at once where that is quick, and when the slider rests where it is not."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from camviewer.boxes import rebox
from camviewer.gui.crash import message_for
from camviewer.gui.worker import Lane
from camviewer.types import BoxRule, Inspection

_RESTS_MS = 200


class BoxFinder(QObject):
    """Finds boxes without refinement at once, and refines them on a thread of its own.

    Signals:
        refined(Inspection): the newest inspection found boxes for, with its boxes refined.

    Attributes:
        lane: the thread; whoever owns this ends it.
    """

    refined = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: tuple[Inspection, BoxRule] | None = None
        self.lane = Lane("boxes", self)
        self.lane.done.connect(self.refined)
        self.lane.failed.connect(message_for)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_RESTS_MS)
        self._rest.timeout.connect(self._refine)

    def find(self, inspection: Inspection, rule: BoxRule) -> Inspection:
        """The inspection with boxes by this rule; what takes long follows by `refined`."""
        self.forget()
        if all(explanation.rule == rule for explanation in inspection.explanations):
            return inspection
        if rule.grabcut:
            self._waiting = inspection, rule
            self._rest.start()
        return rebox(inspection, replace(rule, grabcut=False))

    def forget(self) -> None:
        """Refine nothing any more."""
        self._waiting = None
        self._rest.stop()
        self.lane.cancel()

    def _refine(self) -> None:
        if self._waiting is not None:
            inspection, rule = self._waiting
            self.lane.submit(lambda _: rebox(inspection, rule))
