"""The list of cameras that opens above a button; it looks again by itself while it is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from camviewer.gui.crash import message_for
from camviewer.gui.panels.controls import Form, Note, caption
from camviewer.gui.theme import SPACE
from camviewer.gui.worker import Lane
from camviewer.media.cameras import Camera, CameraInfo, CameraMode, cameras

_LOOKS_MS = 2000
_HESITATES_MS = 600  # a list that only flashes takes the keyboard from whoever holds a key
_WIDTH = 320
_ROW = 30
_ROWS = 6  # cameras that are seen without scrolling
_LOOKING = "Looking for cameras…"
_NONE = "No camera found. Plug one in: it appears here by itself."
_MODES: tuple[CameraMode | None, ...] = (None, *Camera.modes)
_OTHERS = (
    ("stream", "Network stream…", "Watch a camera of the network (Ctrl+L)"),
    ("screen", "Screen region…", "Watch a part of the screen (Ctrl+Shift+L)"),
)


@dataclass(frozen=True)
class InUse:
    """The camera that is watched now.

    Attributes:
        info: which one.
        mode: what it was asked for; None for whatever it does by itself.
        actual: what it delivers; None while that is not known.
    """

    info: CameraInfo
    mode: CameraMode | None = None
    actual: CameraMode | None = None


class CameraPicker(QFrame):
    """Click a camera to watch it; what it should deliver is chosen below the list.

    Signals:
        chosen(CameraInfo, CameraMode | None): watch this camera.
        other_wanted(str): ``stream`` or ``screen`` instead.

    Attributes:
        lane: looks for cameras, as drivers may hang; whoever owns this ends it.
        again: when it looks next.
        lister: finds them; may block for as long as drivers like.
        usual: identifier of the camera that was watched last, which is marked first.
    """

    chosen = Signal(object, object)
    other_wanted = Signal(str)

    def __init__(self, parent: QWidget, find: Callable[[], Sequence[CameraInfo]] = cameras) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAccessibleName("Cameras")
        self.setFixedWidth(_WIDTH)
        self.lister = find
        self.usual = ""
        self._found: tuple[CameraInfo, ...] | None = None
        self._in_use: CameraInfo | None = None
        self._alone = False
        self._button: QWidget | None = None
        self.list = QListWidget()
        self.list.setAccessibleName("Cameras")
        self.list.setToolTip("Click a camera to watch it")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.note = Note(_LOOKING)
        self.modes = QComboBox()
        self.modes.setAccessibleName("Resolution and rate")
        self.modes.setToolTip("What the camera is asked for; it delivers what it can")
        self.modes.addItems([str(mode or "Automatic") for mode in _MODES])
        self.actual = Note()
        self.actual.hide()
        self.others = {name: _quiet(text, tip) for name, text, tip in _OTHERS}
        self._lay_out()
        self.lane = Lane("cameras", self)
        self.again = QTimer(self)
        self.again.setSingleShot(True)
        self.again.setInterval(_LOOKS_MS)
        self._hesitation = QTimer(self)
        self._hesitation.setSingleShot(True)
        self._hesitation.setInterval(_HESITATES_MS)
        self._connect()

    def _lay_out(self) -> None:
        heading = QLabel("Cameras")
        heading.setProperty("look", "heading")
        form = Form()
        form.add_row(caption("Resolution"), self.modes)
        form.add_note(self.actual)
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        line.setForegroundRole(self.palette().ColorRole.Mid)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE + 4, SPACE, SPACE + 4, SPACE)
        column.setSpacing(SPACE)
        for widget in (heading, self.note, self.list):
            column.addWidget(widget)
        column.addLayout(form)
        column.addWidget(line)
        for button in self.others.values():
            column.addWidget(button)

    def _connect(self) -> None:
        self.list.itemClicked.connect(self._take)
        self.list.itemActivated.connect(self._take)
        self.modes.activated.connect(self._change_mode)
        for name, button in self.others.items():
            button.clicked.connect(lambda _=False, name=name: self._leave_for(name))
        self.again.timeout.connect(self._look)
        self._hesitation.timeout.connect(self._appear)
        self.lane.done.connect(self._show_found)
        self.lane.failed.connect(self._show_failure)

    @property
    def found(self) -> tuple[CameraInfo, ...]:
        """The cameras that were there at the last look."""
        return self._found or ()

    @property
    def mode(self) -> CameraMode | None:
        """What the camera should deliver; None for whatever it does by itself."""
        return _MODES[self.modes.currentIndex()]

    def show_mode(self, mode: CameraMode | None) -> None:
        """Mark what a camera should deliver; what is not in the list is left to the camera."""
        self.modes.setCurrentIndex(_MODES.index(mode) if mode in _MODES else 0)

    def open_at(self, button: QWidget, in_use: InUse | None, *, alone: bool = False) -> None:
        """Show the list at a button, where there is room, and look for cameras.

        Args:
            button: the list opens above or below it.
            in_use: the camera that is watched now; it is marked.
            alone: whether a camera that is the only one is taken without asking; the list is shown
                once there is more to choose from, or the cameras keep one waiting.
        """
        self._in_use, self._alone = None if in_use is None else in_use.info, alone
        if in_use is not None:
            self.show_mode(in_use.mode)
        actual = None if in_use is None else in_use.actual
        self.actual.setText("" if actual is None else f"It delivers {actual}.")
        self.actual.setHidden(actual is None)
        self._button = button
        self._refill()
        if alone:
            self._hesitation.start()
            self._look()
        else:
            self._appear()

    def _appear(self) -> None:
        self._hesitation.stop()
        self.show()
        self.list.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.again.stop()
        self._alone = False

    def event(self, event: QEvent) -> bool:
        # else the window behind would take the keys of the list
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def _look(self) -> None:
        if not self.lane.busy:
            self.lane.submit(lambda _: tuple(self.lister()))

    def _show_found(self, found: tuple[CameraInfo, ...]) -> None:
        changed, self._found = found != self._found, found
        alone, self._alone = self._alone and len(found) == 1, False
        awaited = self._hesitation.isActive()
        if alone and (awaited or self.isVisible()):
            self._choose(found[0])
            return
        if changed:
            self._refill()
        if awaited:
            self._appear()
        if self.isVisible():
            self.again.start()

    def _show_failure(self, error: BaseException) -> None:
        self._found = ()
        self._refill()
        self.note.setText(message_for(error))
        self._place()
        if self._hesitation.isActive():
            self._appear()
        self.again.start()

    def _refill(self) -> None:
        marked = self.list.currentRow()
        self.list.clear()
        for info in self.found:
            item = QListWidgetItem(info.name)
            item.setData(Qt.ItemDataRole.UserRole, info)
            item.setSizeHint(QSize(0, _ROW))
            item.setToolTip(f"{info.name} ({info.backend_name})")
            if self._in_use is not None and info.identifier == self._in_use.identifier:
                item.setText(f"{info.name}  ✓")
                marked = self.list.count()
            elif marked < 0 and info.identifier == self.usual:
                marked = self.list.count()
            self.list.addItem(item)
        self.list.setCurrentRow(max(0, min(marked, self.list.count() - 1)))
        self.list.setVisible(bool(self.found))
        self.list.setFixedHeight(min(max(len(self.found), 1), _ROWS) * _ROW + SPACE)
        self.note.setText(_LOOKING if self._found is None else _NONE)
        self.note.setVisible(not self.found)
        self.setAccessibleDescription(self.note.text() if not self.found else "")
        self._place()

    def _take(self, item: QListWidgetItem) -> None:
        self._choose(item.data(Qt.ItemDataRole.UserRole))

    def _choose(self, info: CameraInfo) -> None:
        self._hesitation.stop()
        self.hide()
        self.chosen.emit(info, self.mode)

    def _change_mode(self) -> None:
        """Another mode for the camera that is watched is wanted at once."""
        if self._in_use is not None:
            self._choose(self._in_use)

    def _leave_for(self, name: str) -> None:
        self.hide()
        self.other_wanted.emit(name)

    def _place(self) -> None:
        """Beside its button, also after it grew."""
        button = self._button
        if button is None:
            return
        self.adjustSize()
        below = button.mapToGlobal(QPoint(0, button.height() + 4))
        above = button.mapToGlobal(QPoint(0, -4 - self.height()))
        screen = button.screen().availableGeometry()
        corner = below if below.y() + self.height() <= screen.bottom() else above
        x = max(screen.left(), min(corner.x(), screen.right() - self.width()))
        self.move(x, max(screen.top(), corner.y()))


def _quiet(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("look", "quiet")
    button.setAutoDefault(False)
    button.setAccessibleName(text.rstrip("…"))
    button.setToolTip(tip)
    return button
