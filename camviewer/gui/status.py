"""The status bar: what is under the cursor on the left, what is true on the right."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget
from torch import cuda
from torch.backends import mps

from camviewer.cam.runtimes import Choice
from camviewer.cam.runtimes.sources import EXPORTING
from camviewer.gui.live.live_fields import LiveFields
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.readout import HoverInfo
from camviewer.gui.session import Session
from camviewer.gui.theme import SPACE
from camviewer.gui.waiting import Waiting
from camviewer.types import Frame, Inspection

_LOOKS_MS = 1000
_RUNTIMES = {Choice.EAGER.value: "PyTorch", "onnx": "ONNX Runtime", "cuda graph": "CUDA graph"}


class StatusBar(QStatusBar):
    """Hover read-out; what takes long; sizes; inference time; device and runtime, honestly."""

    def __init__(self, session: Session, waiting: Waiting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._told = "", ""  # the network that is told of, and its device
        self._live, self._picture_seen = False, True
        self.setSizeGripEnabled(False)
        self.setContentsMargins(SPACE, 2, SPACE + 4, 2)
        self._hover = QLabel()
        self._hover.setAccessibleName("Under the cursor")
        self._hover.setToolTip("Position, colour and raw map value under the cursor")
        self.addWidget(self._hover, 1)
        self.addPermanentWidget(waiting)
        self.setMinimumHeight(waiting.sizeHint().height() + SPACE)
        self._busy = self._field("Activity", "What is being done")
        self._zoom = self._field("Zoom", "Screen pixels per picture pixel")
        self._picture = self._field("Picture size", "Width × height of the picture in pixels")
        self._sizes = self._field(
            "Input and map size", "What the network was fed, and the cells of its map"
        )
        self._time = self._field("Inference time", "What explaining this picture took")
        self.live = LiveFields()
        self.addPermanentWidget(self.live)
        self._device = self._field("Device", "What the network runs on")
        session.frame_changed.connect(self._show_frame)
        # what is prepared in the background takes over by itself
        self._look_again = QTimer(self)
        self._look_again.setSingleShot(True)
        self._look_again.setInterval(_LOOKS_MS)
        self._look_again.timeout.connect(self._look)
        session.inspection_changed.connect(self.show_inspection)
        session.refined.connect(self._show_sizes)
        session.refined.connect(self._time.clear)
        waiting.changed.connect(lambda waits: self._busy.setHidden(waits))
        session.model_changed.connect(self._show_model)

    @property
    def texts(self) -> dict[str, str]:
        """What is shown, by accessible name."""
        return {label.accessibleName(): label.text() for label in self.findChildren(QLabel)}

    def show_hover(self, info: HoverInfo | None) -> None:
        if info is None:
            self._hover.clear()
            return
        red, green, blue = info.rgb
        text = f"x {info.x}  y {info.y}   RGB {red} {green} {blue}"
        for label, value in zip(info.labels, info.values, strict=True):
            shown = "not seen" if math.isnan(value) else f"{value:.3g}"
            text += f"   {label} {shown}"
        self._hover.setText(text)

    def show_zoom(self, zoom: float) -> None:
        self._zoom.setText(f"{zoom * 100:.0f} %")

    def show_busy(self, busy: bool) -> None:
        self._busy.setText("Looking…" if busy else "")

    def set_live(self, *, live: bool) -> None:
        """Whether pictures keep coming: then rates and age stand for what one picture took."""
        self._live = live
        self.live.clear()
        self._show_what_holds()

    def set_picture_seen(self, *, seen: bool) -> None:
        """Whether the picture is in sight, and not something else that has its place."""
        self._picture_seen = seen
        self._show_what_holds()

    def _show_what_holds(self) -> None:
        self.live.setVisible(self._live)
        for label in (self._sizes, self._time):
            label.setHidden(self._live or not self._picture_seen)
        for label in (self._zoom, self._picture):
            label.setHidden(not self._picture_seen)

    def _show_frame(self, frame: Frame | None) -> None:
        if frame is None:
            for label in (self._picture, self._sizes, self._time, self._zoom, self._hover):
                label.clear()
        else:
            height, width = frame.size
            self._picture.setText(f"{width} × {height}")

    def show_inspection(self, inspection: Inspection | None) -> None:
        """Tell input and map size, time and device of what is shown."""
        if inspection is None:
            self._sizes.clear()
            self._time.clear()
            return
        self._show_sizes(inspection)
        self._time.setText(f"{inspection.seconds * 1000:.0f} ms")
        origin = inspection.origin
        self._told = origin.model, origin.device
        self._show_device(origin.device, origin.note, origin.runtime, "")
        self._look()

    def _show_sizes(self, inspection: Inspection) -> None:
        rows, columns = inspection.geometry.input
        text = f"{columns} × {rows}"
        if inspection.explanations:
            map_rows, map_columns = inspection.explanations[0].heatmap.values.shape
            text += f" → {map_columns} × {map_rows}"
        self._sizes.setText(text)

    def _show_model(self, info: ModelInfo) -> None:
        self._told = info.classifier.name, info.device
        self._look()

    def _look(self) -> None:
        """Look again what the network in use is computed with, while something faster may come."""
        info = self._session.model
        if info is None or (info.classifier.name, info.device) != self._told:
            return
        self._show_device(info.device, info.device_note, info.runtime, info.runtime_note)
        if info.runtime_note == EXPORTING:
            self._look_again.start()

    def _show_device(self, device: str, note: str, runtime: str, runtime_note: str) -> None:
        # A machine without a GPU is nothing to warn about; one that is there and unused is.
        unused = bool(note) and (cuda.is_available() or mps.is_available())
        name = _RUNTIMES.get(runtime, runtime)
        following = ", ONNX being prepared…" if runtime_note == EXPORTING else ""
        self._device.setText(f"{device.upper()} · {name}{following}" + (" ⚠" if unused else ""))
        notes = " ".join(text for text in (note, runtime_note) if text)
        tip = notes or f"The network runs here, with {name}"
        self._device.setToolTip(tip)
        self._device.setAccessibleDescription(tip)

    def _field(self, name: str, tip: str) -> QLabel:
        label = QLabel()
        label.setContentsMargins(SPACE, 0, 0, 0)
        label.setAccessibleName(name)
        label.setToolTip(tip)
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.addPermanentWidget(label)
        return label
