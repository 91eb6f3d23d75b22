"""How far teaching is: a bar, the stage, the time left, and curves while it goes deep."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from camviewer.gui.panels.curve_plot import Look, colour
from camviewer.gui.teach.run.line_plot import LinePlot
from camviewer.gui.teach.run.pace import Progress, in_words
from camviewer.gui.theme import SPACE
from camviewer.teach.deep import Epoch

LEARNT_FROM = Look("Learnt from", "#b34d00", "#e69f00", dashed=True)
PUT_ASIDE = Look("Put aside", "#0066a1", "#56b4e9", dashed=False)

_STEPS = 1000


class ProgressView(QWidget):
    """Shown while teaching; the curves stay until the next time.

    Attributes:
        cancel: the button.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._epochs: list[Epoch] = []
        self._stage = QLabel()
        self._left = QLabel()
        self._left.setProperty("look", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, _STEPS)
        self.bar.setAccessibleName("Progress of teaching")
        self.bar.setToolTip("How much of the teaching is done")
        self.cancel = QPushButton("Cancel")
        self.cancel.setAutoDefault(False)
        self.cancel.setAccessibleName("Cancel teaching")
        self.cancel.setToolTip("Stop teaching; deep teaching can go on later from here")
        self._working = QWidget()
        self.loss = LinePlot("Loss", percent=False)
        self.accuracy = LinePlot("Right among pictures put aside", percent=True)
        self._legend = QLabel()
        self._legend.setAccessibleName("Legend of the curves")
        self._lay_out()
        self.begin()
        self.end()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(SPACE)
        line.addWidget(self._stage, 1)
        line.addWidget(self._left)
        inside = QVBoxLayout(self._working)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(SPACE)
        inside.addLayout(line)
        inside.addWidget(self.bar)
        inside.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        for widget in (self._working, self.loss, self._legend, self.accuracy):
            layout.addWidget(widget)

    @property
    def text(self) -> str:
        """What is said about the stage and the time."""
        return f"{self._stage.text()} {self._left.text()}".strip()

    @property
    def epochs(self) -> tuple[Epoch, ...]:
        """What the curves show."""
        return tuple(self._epochs)

    def begin(self, *, goes_on: bool = False) -> None:
        """Teaching has begun.

        Args:
            goes_on: from where it was cancelled, so that the curves go on, too.
        """
        if not goes_on:
            self._epochs = []
        self._working.show()
        self.bar.setValue(0)
        self._say("Starting…", "")
        self._draw()

    def show_progress(self, progress: Progress) -> None:
        """So much is done."""
        left = "" if progress.seconds_left is None else in_words(progress.seconds_left)
        self.bar.setValue(round(_STEPS * progress.share))
        self._say(progress.stage[:1].upper() + progress.stage[1:], left)

    def add_epoch(self, epoch: Epoch) -> None:
        """A round of deep teaching is over."""
        self._epochs = [e for e in self._epochs if e.number < epoch.number] + [epoch]
        self._draw()

    def end(self) -> None:
        """Nothing is taught any more; the curves stay."""
        self._working.hide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_legend"):
            self._write_legend()

    def _say(self, stage: str, left: str) -> None:
        self._stage.setText(stage)
        self._left.setText(left)
        self.bar.setAccessibleDescription(f"{stage} {left}".strip())

    def _draw(self) -> None:
        epochs = self._epochs
        rounds = epochs[-1].of if epochs else 1
        mark = next((e.number for e in reversed(epochs) if e.best), None)
        taught = [(e.number, e.loss) for e in epochs if e.loss is not None]
        aside = [(e.number, e.held_out_loss) for e in epochs]
        self.loss.show_curves({LEARNT_FROM: taught, PUT_ASIDE: aside}, rounds, mark)
        accuracy = [(e.number, e.accuracy) for e in epochs]
        self.accuracy.show_curves({PUT_ASIDE: accuracy}, rounds, mark)
        for widget in (self.loss, self.accuracy, self._legend):
            widget.setVisible(bool(epochs))
        self._write_legend()

    def _write_legend(self) -> None:
        parts = []
        for look in (LEARNT_FROM, PUT_ASIDE):
            ink: QColor = colour(look, self.palette())
            mark = "┅" if look.dashed else "━"
            parts.append(f'<span style="color:{ink.name()}">{mark}{mark}</span> {look.name}')
        self._legend.setText("&nbsp;&nbsp; ".join(parts))
        self._legend.setToolTip("Dotted: the round whose network is kept")
