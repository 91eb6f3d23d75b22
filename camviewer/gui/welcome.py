"""What an empty window shows: an invitation."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QIcon,
    QImage,
    QImageReader,
    QKeySequence,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from camviewer import paths
from camviewer.gui.icons import icon
from camviewer.gui.theme import SPACE

_THUMBNAIL = QSize(136, 102)
_CELL = _THUMBNAIL.width() + SPACE
_ROUND = 6.0
_MOST_SAMPLES = 12
_SUFFIXES = {".jpg", ".jpeg", ".png"}


class Welcome(QWidget):
    """Drop a picture or a video here, open one, click a sample, or use the webcam.

    Signals:
        sample_chosen(Path): a sample was clicked.
        open_requested(): the Open button was clicked.
        webcam_requested(): the Webcam button was clicked.
        teach_requested(): the Teach button was clicked.
    """

    sample_chosen = Signal(object)
    open_requested = Signal()
    webcam_requested = Signal()
    teach_requested = Signal()

    def __init__(self, samples: Path | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Welcome")
        folder = paths.resources() / "samples" if samples is None else samples
        self._samples = _Samples(folder)
        self._samples.chosen.connect(self.sample_chosen)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(*[3 * SPACE] * 4)
        column.setSpacing(3 * SPACE)
        column.addWidget(self._invitation(), 1)
        column.addWidget(self._samples)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(content)
        # otherwise the area paints its own ground over the window's
        scroll.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    @property
    def sample_buttons(self) -> tuple[QToolButton, ...]:
        """One for each sample picture."""
        return self._samples.buttons

    @property
    def open_button(self) -> QPushButton:
        """Asks for a picture to open."""
        return self._open

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "teach"):
            self.webcam.setIcon(icon("webcam"))
            self.teach.setIcon(icon("teach"))

    def _invitation(self) -> QWidget:
        area = _DropArea()
        title = QLabel("Drop a picture or a video here")
        title.setProperty("look", "title")
        keys = QKeySequence(QKeySequence.StandardKey.Paste)
        paste = keys.toString(QKeySequence.SequenceFormat.NativeText)
        hint = QLabel(f"or a whole folder, or paste one with {paste}")
        hint.setProperty("look", "muted")
        self._open = QPushButton("Open a picture…")
        self._open.setDefault(True)
        self._open.setAccessibleName("Open a picture")
        self._open.setToolTip("Choose a picture to see what the network looks at")
        self._open.clicked.connect(self.open_requested)
        self.webcam = QPushButton("Use the webcam")
        self.webcam.setProperty("look", "quiet")
        self.webcam.setIcon(icon("webcam"))
        self.webcam.setAccessibleName("Use the webcam")
        self.webcam.setToolTip("See live what the network looks at")
        self.webcam.clicked.connect(self.webcam_requested)
        self.teach = QPushButton("Teach it your own things")
        self.teach.setProperty("look", "quiet")
        self.teach.setIcon(icon("teach"))
        self.teach.setAccessibleName("Teach it your own things")
        self.teach.setToolTip("Show it a few pictures of two things, and it finds them (Ctrl+T)")
        self.teach.clicked.connect(self.teach_requested)
        column = QVBoxLayout(area)
        column.setSpacing(SPACE)
        column.setContentsMargins(*[3 * SPACE] * 4)
        column.addStretch(1)
        for widget in (_Glyph(), title, hint):
            if isinstance(widget, QLabel):
                widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
                widget.setWordWrap(True)
            column.addWidget(widget)
        column.addSpacing(2 * SPACE)
        for button in (self._open, self.webcam, self.teach):
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return area


class _DropArea(QFrame):
    """A dashed frame; the window itself takes the drops."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(260)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(_blend(self.palette(), 0.3), 1.5)
        pen.setDashPattern([5, 4])
        painter.setPen(pen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 12, 12)


class _Glyph(QWidget):
    """A picture with a box in it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(72)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(self.width() / 2 - 42, 4)
        pen = QPen(_blend(self.palette(), 0.45), 2.5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawRoundedRect(QRectF(0, 0, 84, 62), 7, 7)
        painter.drawEllipse(QPointF(20, 18), 6, 6)
        painter.drawPolyline(
            [QPointF(4, 54), QPointF(26, 34), QPointF(40, 46), QPointF(58, 24), QPointF(80, 48)]
        )
        pen.setColor(self.palette().color(QPalette.ColorRole.Highlight))
        painter.setPen(pen)
        for corner in _corners(QRectF(44, 14, 28, 28), 8):
            painter.drawPolyline(corner)


class _Samples(QWidget):
    """The sample pictures as buttons, in as many columns as there is room for."""

    chosen = Signal(object)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        self._files = [f for f in files if f.suffix.lower() in _SUFFIXES][:_MOST_SAMPLES]
        self._unloaded: Iterator[tuple[QToolButton, Path]] = iter(())
        self.buttons = tuple(self._button(file) for file in self._files)
        self._columns = 0
        heading = QLabel("Or try a sample")
        heading.setProperty("look", "heading")
        self._grid = QGridLayout()
        self._grid.setSpacing(2 * SPACE)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(heading)
        column.addLayout(self._grid)
        self.setVisible(bool(self._files))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        pairs = zip(self.buttons, self._files, strict=True)
        self._unloaded = iter([pair for pair in pairs if pair[0].icon().isNull()])
        QTimer.singleShot(0, self, self._load_next)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        columns = max(1, min(event.size().width() // (_CELL + 2 * SPACE), len(self.buttons)))
        if columns == self._columns:
            return
        self._columns = columns
        for index, button in enumerate(self.buttons):
            self._grid.addWidget(button, index // columns, index % columns)
        for index in range(self._grid.columnCount()):
            self._grid.setColumnStretch(index, 0)
        self._grid.setColumnStretch(columns, 1)

    def _button(self, file: Path) -> QToolButton:
        name = file.stem.replace("_", " ").replace("-", " ")
        button = QToolButton()
        button.setProperty("look", "flat")
        button.setText(name.capitalize())
        button.setToolTip(f"See what the network looks at in “{name}”")
        button.setAccessibleName(f"Sample picture: {name}")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(_THUMBNAIL)
        button.setFixedWidth(_CELL)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(partial(self.chosen.emit, file))
        return button

    def _load_next(self) -> None:
        """One thumbnail for each turn of the event loop, so that the window is there at once."""
        for button, file in self._unloaded:
            button.setIcon(QIcon(_thumbnail(file, self.devicePixelRatioF())))
            QTimer.singleShot(0, self, self._load_next)
            return


def _thumbnail(file: Path, ratio: float) -> QPixmap:
    """The middle of a picture with rounded corners; a grey one when it cannot be read."""
    size = QSize(round(_THUMBNAIL.width() * ratio), round(_THUMBNAIL.height() * ratio))
    reader = QImageReader(str(file))
    reader.setAutoTransform(True)
    if reader.size().isValid():
        # the decoder itself scales: several times faster than decoding all of it
        reader.setScaledSize(
            reader.size().scaled(size, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
        )
    image = reader.read()
    result = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath()
    path.addRoundedRect(QRectF(result.rect()), _ROUND * ratio, _ROUND * ratio)
    painter.setClipPath(path)
    if image.isNull():
        painter.fillRect(result.rect(), QColor(128, 128, 128))
    else:
        corner = (size.width() - image.width()) // 2, (size.height() - image.height()) // 2
        painter.drawImage(*corner, image)
    painter.end()
    pixmap = QPixmap.fromImage(result)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _blend(palette: QPalette, share: float) -> QColor:
    """A colour between the window's ground and its text."""
    ground = palette.color(QPalette.ColorRole.Window)
    text = palette.color(QPalette.ColorRole.WindowText)
    low = (ground.red(), ground.green(), ground.blue())
    high = (text.red(), text.green(), text.blue())
    return QColor(*(round(a + (b - a) * share) for a, b in zip(low, high, strict=True)))


def _corners(area: QRectF, length: float) -> Iterator[list[QPointF]]:
    for x, towards_x in ((area.left(), 1), (area.right(), -1)):
        for y, towards_y in ((area.top(), 1), (area.bottom(), -1)):
            yield [
                QPointF(x + towards_x * length, y),
                QPointF(x, y),
                QPointF(x, y + towards_y * length),
            ]
