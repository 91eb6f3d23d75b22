"""The picture that others are compared with: chosen, dropped, or the one that is open."""

from __future__ import annotations

from pathlib import Path, PurePath

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QPixmap
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from camviewer.gui import intake
from camviewer.gui.icons import icon
from camviewer.gui.jobs import Jobs
from camviewer.gui.theme import SPACE
from camviewer.media import images
from camviewer.render import scaled
from camviewer.types import Frame

_THUMBNAIL = 48
_HINT = "Drop a picture here, or:"


class Reference(QFrame):
    """Thumbnail and name, with the ways to another picture.

    Signals:
        chosen(Frame): the person gave a picture.
        open_wanted(): the open picture is to be taken.
        cleared(): the person took it away.
    """

    chosen = Signal(object)
    open_wanted = Signal()
    cleared = Signal()

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._frame: Frame | None = None
        self._wanted = 0
        self.folder = Path.home()
        self.setObjectName("reference")
        self.setAccessibleName("Reference picture")
        self.setAcceptDrops(True)
        self.setToolTip("The picture to compare with: drop one here, or choose one")
        self._thumbnail = QLabel()
        self._thumbnail.setFixedSize(_THUMBNAIL, _THUMBNAIL)
        self._thumbnail.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._said = QLabel(_HINT)
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._said.setWordWrap(True)
        self.choose = _button("Choose…", "Choose a picture file to compare with")
        self.take_open = _button("Use Open", "Compare with the picture that is open now")
        self.clear = QToolButton()
        self.clear.setProperty("look", "flat")
        self.clear.setIconSize(QSize(14, 14))
        self.clear.setAccessibleName("Take the reference picture away")
        self.clear.setToolTip("Take the reference picture away")
        self._lay_out()
        self._draw_icon()
        self.choose.clicked.connect(self._ask_file)
        self.take_open.clicked.connect(self.open_wanted)
        self.clear.clicked.connect(self.cleared)
        self.show_frame(None)

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        layout.setHorizontalSpacing(SPACE)
        layout.setVerticalSpacing(SPACE // 2)
        layout.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.choose)
        buttons.addWidget(self.take_open)
        buttons.addStretch(1)
        layout.addWidget(self._thumbnail, 0, 0, 2, 1)
        layout.addWidget(self._said, 0, 1)
        layout.addWidget(self.clear, 0, 2)
        layout.addLayout(buttons, 1, 1, 1, 2)

    @property
    def frame(self) -> Frame | None:
        """The picture; None while there is none."""
        return self._frame

    @property
    def text(self) -> str:
        """What stands beside the thumbnail."""
        return self._said.text()

    def show_frame(self, frame: Frame | None) -> None:
        """The picture that is compared with."""
        self._frame = frame
        self.clear.setVisible(frame is not None)
        self._thumbnail.setVisible(frame is not None)
        if frame is None:
            self._said.setText(_HINT)
            self.setAccessibleDescription("None yet")
            return
        name = PurePath(frame.source).name
        self._said.setText(name)
        self._said.setToolTip(frame.source)
        self.setAccessibleDescription(name)
        self._thumbnail.setPixmap(_thumbnail(frame))

    def read(self, path: Path) -> None:
        """Read a picture file off the GUI thread and take it."""
        self._wanted += 1
        wanted = self._wanted
        self._said.setText(f"Reading {path.name}…")

        def took(frame: Frame) -> None:
            if wanted == self._wanted:
                self.folder = path.parent
                self.chosen.emit(frame)

        def failed(message: str) -> None:
            if wanted == self._wanted:
                self._said.setText(message)

        self._jobs.submit(lambda: images.load(path), took, failed)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "clear"):
            self._draw_icon()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if mime.hasUrls() or mime.hasImage():
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        came = intake.from_mime(event.mimeData(), "dropped picture")
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if came.frame is not None:
            self.chosen.emit(came.frame)
        elif came.paths:
            self.read(came.paths[0])
        else:
            self._said.setText(came.refusal or "That is not a picture.")

    def _draw_icon(self) -> None:
        self.clear.setIcon(icon("close"))

    def _ask_file(self) -> None:
        kinds = " ".join(f"*{e}" for e in sorted(images.EXTENSIONS))
        file, _ = QFileDialog.getOpenFileName(
            self, "Picture to compare with", str(self.folder), f"Pictures ({kinds})"
        )
        if file:
            self.read(Path(file))


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("look", "small")
    button.setAutoDefault(False)
    button.setAccessibleName(tip)
    button.setToolTip(tip)
    return button


def _thumbnail(frame: Frame) -> QPixmap:
    height, width = frame.size
    scale = _THUMBNAIL / max(height, width)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    pixels = scaled(frame, size)
    image = QImage(pixels.tobytes(), size[1], size[0], size[1] * 3, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image.copy())
