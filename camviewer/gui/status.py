"""The status bar: what is under the cursor on the left, what is true on the right."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget
from torch import cuda
from torch.backends import mps

from camviewer.gui.model_info import ModelInfo
from camviewer.gui.readout import HoverInfo
from camviewer.gui.session import Session
from camviewer.gui.theme import SPACE
from camviewer.gui.waiting import Waiting
from camviewer.types import Frame, Inspection


class StatusBar(QStatusBar):
    """Hover read-out; what takes long; sizes; inference time; device and runtime, honestly."""

    def __init__(self, session: Session, waiting: Waiting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
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
        self._device = self._field("Device", "What the network runs on")
        session.frame_changed.connect(self._show_frame)
        session.inspection_changed.connect(self.show_inspection)
        session.refined.connect(self._show_sizes)
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
        inspection = self._session.partial or self._session.inspection
        if inspection is not None:
            for explanation, value in zip(inspection.explanations, info.values, strict=False):
                shown = "not seen" if math.isnan(value) else f"{value:.3g}"
                text += f"   {explanation.heatmap.label} {shown}"
        self._hover.setText(text)

    def show_zoom(self, zoom: float) -> None:
        self._zoom.setText(f"{zoom * 100:.0f} %")

    def show_busy(self, busy: bool) -> None:
        self._busy.setText("Looking…" if busy else "")

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
        self._show_device(inspection.origin.device, inspection.origin.note)

    def _show_sizes(self, inspection: Inspection) -> None:
        rows, columns = inspection.geometry.input
        text = f"{columns} × {rows}"
        if inspection.explanations:
            map_rows, map_columns = inspection.explanations[0].heatmap.values.shape
            text += f" → {map_columns} × {map_rows}"
        self._sizes.setText(text)

    def _show_model(self, info: ModelInfo) -> None:
        self._show_device(info.device, info.device_note)

    def _show_device(self, device: str, note: str) -> None:
        # A machine without a GPU is nothing to warn about; one that is there and unused is.
        unused = bool(note) and (cuda.is_available() or mps.is_available())
        self._device.setText(f"{device.upper()} · PyTorch" + (" ⚠" if unused else ""))
        tip = note or "The network runs here, with PyTorch"
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
