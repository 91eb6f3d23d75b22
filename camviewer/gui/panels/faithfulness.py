"""The Faithfulness panel: does the network really use what the map shows?"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from camviewer.errors import CancelledError
from camviewer.evaluate.faithfulness import Faithfulness, faithfulness
from camviewer.gui.crash import message_for
from camviewer.gui.interrupt import interruptible
from camviewer.gui.panels.controls import Note
from camviewer.gui.panels.curve_plot import DELETION, INSERTION, CurvePlot, Look, colour
from camviewer.gui.panels.verdict import verdict
from camviewer.gui.session import Session
from camviewer.gui.theme import SPACE
from camviewer.gui.worker import Lane, Ticket
from camviewer.types import Ask, Heatmap

_RESTS_MS = 300  # who leafs through pictures does not measure all of them
_STEPS = 1000
_NONE = "Open a picture: then this measures whether the network really uses what the map shows."
_NOTHING = "Nothing was found in this picture, so there is nothing to measure."
_NOT_FOR = (
    "This measures maps of what speaks for a class. Ask “What speaks for it” above the classes."
)
_TIPS = {
    DELETION: "The score while the most relevant parts are taken away; a small area is good",
    INSERTION: "The score while the most relevant parts are added; a large area is good",
}


class FaithfulnessPanel(QWidget):
    """Measures while it is in sight, whenever nothing is being inspected.

    Attributes:
        lane: the thread; whoever owns this ends it.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._measured: Heatmap | None = None
        self._yields = False
        self.known: Faithfulness | None = None
        self.lane = Lane("faithfulness", self)
        self._say = Note(_NONE, muted=False)
        self._say.setAccessibleName("What the curves say")
        self.choice = QComboBox()
        self.choice.setAccessibleName("Class that is measured")
        self.choice.setToolTip("Whose map is measured")
        self.plot = CurvePlot()
        self._areas = {look: QLabel() for look in (DELETION, INSERTION)}
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, _STEPS)
        self._bar.setAccessibleName("Progress of measuring")
        self._bar.setToolTip("How much is measured")
        self.button = QPushButton("Cancel")
        self.button.setAutoDefault(False)
        self.button.setProperty("look", "small")
        self.button.setAccessibleName("Cancel measuring, or measure again")
        self.button.setToolTip("Stop measuring, or measure again")
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_RESTS_MS)
        self._lay_out()
        self._connect()
        self._refresh()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE + 4, SPACE, SPACE + 4, SPACE)
        layout.setSpacing(SPACE)
        areas = QGridLayout()
        areas.setHorizontalSpacing(SPACE)
        areas.setVerticalSpacing(2)
        areas.setColumnStretch(1, 1)
        for row, (look, area) in enumerate(self._areas.items()):
            area.setAccessibleName(f"{look.name} area")
            area.setToolTip(_TIPS[look])
            areas.addWidget(area, row, 0, 1, 2)
        line = QHBoxLayout()
        line.setSpacing(SPACE)
        line.addWidget(self._bar, 1)
        line.addStretch(0)
        line.addWidget(self.button)
        layout.addWidget(Note("Does the network really use what is marked?"))
        layout.addWidget(self.choice)
        layout.addWidget(self._say)
        layout.addWidget(self.plot, 100)
        layout.addLayout(areas)
        layout.addLayout(line)
        layout.addStretch(1)

    def _connect(self) -> None:
        self.lane.told.connect(self._show)
        self.lane.done.connect(self._finish)
        self.lane.failed.connect(self._fail)
        self.lane.busy_changed.connect(self._write_progress)
        self._rest.timeout.connect(self._measure)
        self.button.clicked.connect(self._press)
        self.choice.activated.connect(self._refresh)
        self._session.inspection_changed.connect(self._refresh)
        self._session.frame_changed.connect(self._stop)

    @property
    def text(self) -> str:
        """What is said above the curves."""
        return self._say.text()

    @property
    def areas(self) -> dict[Look, str]:
        """What is said below the curves."""
        return {look: label.text() for look, label in self._areas.items()}

    def yield_to(self, inspecting: bool) -> None:
        """Let an inspection have the network; what was measured of its picture is begun anew."""
        self._yields = inspecting
        if inspecting:
            self._stop()
        else:
            self._refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._stop()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_areas"):
            self._write_areas()

    @property
    def _heatmap(self) -> Heatmap | None:
        inspection = self._session.inspection
        if inspection is None or not inspection.explanations:
            return None
        index = min(max(self.choice.currentIndex(), 0), len(inspection.explanations) - 1)
        return inspection.explanations[index].heatmap

    def _refresh(self) -> None:
        """Show what is known of the map in sight, and measure the rest."""
        self._offer()
        heatmap = self._heatmap
        if heatmap is None or self._session.request.question.ask is not Ask.FOR:
            self._stop()
            self._measured, self.known = None, None
            self._write(self._missing())
        elif heatmap is not self._measured:
            self._stop()
            self._measured, self.known = heatmap, None
            self._write(f"Measuring “{heatmap.label}”…")
            self._begin()
        elif self.known is None or self.known.done < 1:
            self._begin()

    def _missing(self) -> str:
        inspection = self._session.inspection
        if inspection is None:
            return _NONE if self._session.frame is None else ""
        return _NOTHING if not inspection.explanations else _NOT_FOR

    def _offer(self) -> None:
        inspection = self._session.inspection
        labels = [] if inspection is None else [e.heatmap.label for e in inspection.explanations]
        if labels != [self.choice.itemText(i) for i in range(self.choice.count())]:
            self.choice.clear()
            self.choice.addItems(labels)
        self.choice.setVisible(len(labels) > 1)

    def _begin(self) -> None:
        if self.isVisible() and not self.lane.busy and not self._yields:
            self._rest.start()

    def _measure(self) -> None:
        model, inspection, heatmap = self._session.model, self._session.inspection, self._heatmap
        if model is None or inspection is None or heatmap is None:
            return
        index = [e.heatmap for e in inspection.explanations].index(heatmap)

        def job(ticket: Ticket) -> Faithfulness:
            def watch(known: Faithfulness) -> None:
                if ticket.cancelled():
                    raise CancelledError("Measuring was cancelled.")
                ticket.tell(known)

            with model.turn(ticket.cancelled) as inspector, interruptible(ticket.cancelled):
                return faithfulness(inspector, inspection, index, watch=watch)

        self.lane.submit(job)
        self._write(f"Measuring “{heatmap.label}”…")

    def _stop(self) -> None:
        self._rest.stop()
        self.lane.cancel()
        self._write_progress()

    def _press(self) -> None:
        heatmap = self._heatmap
        if self.lane.busy and heatmap is not None:
            self._stop()
            self._write(f"Stopped before “{heatmap.label}” was measured.")
        else:
            self._measure()

    def _show(self, known: Faithfulness) -> None:
        self.known = known
        self._write(self.text)

    def _finish(self, known: Faithfulness) -> None:
        self.known = known
        self._write(verdict(known))

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            self._write(message_for(error))

    def _write(self, text: str) -> None:
        self._say.setText(text)
        known = self.known
        self.plot.show_curves(
            {} if known is None else {DELETION: known.deletion, INSERTION: known.insertion}
        )
        self.plot.setVisible(self._measured is not None)
        self._write_areas()
        self._write_progress()

    def _write_areas(self) -> None:
        known = self.known
        curves = self.plot.curves
        for look, label in self._areas.items():
            label.setVisible(known is not None)
            mark = "┅" if look.dashed else "━"
            ink = colour(look, self.palette()).name()
            area = curves[look].auc if look in curves else float("nan")
            good = "small is good" if look is DELETION else "large is good"
            whole = known is not None and known.done >= 1
            said = f"area {area:.2f} ({good})" if whole else "measuring…"
            label.setText(f'<span style="color:{ink}">{mark}{mark}</span> {look.name}: {said}')

    def _write_progress(self) -> None:
        busy = self.lane.busy
        whole = self.known is not None and self.known.done >= 1
        self._bar.setVisible(busy)
        self._bar.setValue(round(_STEPS * (self.known.done if self.known is not None else 0.0)))
        measurable = self._measured is not None and self._session.inspection is not None
        self.button.setVisible(measurable and not whole and not self._yields)
        self.button.setText("Cancel" if busy else "Measure")
