"""The Network panel: model, method, target layer, and how the picture is fed to it."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from camviewer.cam.methods import METHODS
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.panels.controls import Form, Note, Slider, caption
from camviewer.gui.panels.layer_tree import LayerTree
from camviewer.gui.panels.method_box import MethodBox
from camviewer.gui.panels.model_box import ModelBox
from camviewer.gui.panels.sharper import SharperBox
from camviewer.gui.session import Session
from camviewer.gui.theme import SPACE
from camviewer.inspector import Request
from camviewer.types import Fit, Inspection

_FITS = {
    Fit.WHOLE: ("Whole picture", "All of the picture, its aspect kept"),
    Fit.CROP: ("Evaluation crop", "Resized and cropped as the network was evaluated"),
    Fit.STRETCH: ("Stretched", "All of the picture, pressed into a square"),
}
_TOOLTIP_ROLE = 3
_SETTLES_MS = 120
_NARROWEST = 264


class NetworkPanel(QWidget):
    """Everything here asks the network again."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.model_box = ModelBox()
        self.method = MethodBox()
        self.setMinimumWidth(_NARROWEST)
        self._method_note = Note()
        self.layers = LayerTree()
        self.layers.setMinimumHeight(96)
        self.fit = QComboBox()
        self.fit.setAccessibleName("How the picture is fed to the network")
        for fit, (title, tip) in _FITS.items():
            self.fit.addItem(title, fit.value)
            self.fit.setItemData(self.fit.count() - 1, tip, _TOOLTIP_ROLE)
        self.sharper = SharperBox(session)
        self.input_size = Slider("Input size", "", (32, 896), unit="px")
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLES_MS)
        self._lay_out()
        self._connect()
        self._show_request(session.request)
        self._ready(ready=False)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE + 4, SPACE, SPACE + 4, SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(self.model_box)
        rows = Form()
        rows.add_row(caption("Method"), self.method)
        rows.add_note(self._method_note)
        rows.add_row(caption("Input"), self.fit)
        self._size_label = caption("Input size")
        rows.add_row(self._size_label, self.input_size)
        rows.add_row(caption("Map"), self.sharper, first_line=self.sharper.more)
        layout.addLayout(rows)
        layout.addWidget(self.layers, 1)

    def _connect(self) -> None:
        self.method.chosen.connect(self._session.set_method)
        self._session.methods_changed.connect(self.method.show_obstacles)
        self._session.refined.connect(self._show_inspection)
        self.layers.chosen.connect(lambda name: self._session.set_layer(name or None))
        self.fit.activated.connect(lambda: self._session.set_fit(Fit(self.fit.currentData())))
        # While the slider is dragged only where it rests is asked for.
        self.input_size.moved.connect(self._settled.start)
        self._settled.timeout.connect(self._resize)
        self._session.model_changed.connect(self._use_model)
        self._session.request_changed.connect(self._show_request)
        self._session.inspection_changed.connect(self._show_inspection)

    def _ready(self, *, ready: bool) -> None:
        for widget in (
            self.method,
            self.fit,
            self.input_size,
            self._size_label,
            self.sharper,
            self.layers,
        ):
            widget.setEnabled(ready)

    def _use_model(self, info: ModelInfo) -> None:
        self._ready(ready=True)
        self._show_whether_layered(self._session.request)
        self.model_box.show_model(info)
        self.method.forget_used()
        self.layers.show_model(info)
        sizes = info.input_sizes
        own = info.classifier.preprocessing.input_size
        self.input_size.setEnabled(sizes is not None)
        self._size_label.setEnabled(sizes is not None)
        if sizes is None:
            self.input_size.set_range(own, own, 1)
            tip = f"This network takes {own} × {own} pixels only"
        else:
            self.input_size.set_range(*sizes)
            tip = f"A larger input gives a finer map and takes longer; trained with {own} px"
        self.input_size.set_value(own)
        self.input_size.slider.setToolTip(tip)
        self._size_label.setToolTip(tip)

    def _resize(self) -> None:
        model = self._session.model
        if model is None or model.input_sizes is None:
            return
        low, high, step = model.input_sizes
        own = model.classifier.preprocessing.input_size
        size = min(max(round(self.input_size.value / step) * step, low), high)
        if abs(self.input_size.value - own) < step / 2:
            size = own
        self.input_size.set_value(size)
        self._session.set_input_size(None if size == own else size)

    def _show_request(self, request: Request) -> None:
        self.method.show_method(request.method)
        self.fit.setCurrentIndex(self.fit.findData(request.fit.value))
        self.fit.setToolTip(_FITS[request.fit][1])
        self.layers.select(request.layer)
        self._show_whether_layered(request)
        model = self._session.model
        if model is not None:
            own = model.classifier.preprocessing.input_size
            self.input_size.set_value(request.input_size or own)

    def _show_whether_layered(self, request: Request) -> None:
        method = METHODS.get(request.method)
        layered = method is None or method.layered
        self.layers.setEnabled(layered and self._session.model is not None)
        self.layers.setToolTip(
            "The layer whose activation is looked at; earlier layers are finer"
            if layered or method is None
            else f"{method.title} looks at the whole network, not at one layer"
        )

    def _show_inspection(self, inspection: Inspection | None) -> None:
        if inspection is not None:
            self.method.show_used(inspection.origin.method)
            self._method_note.setText(METHODS[inspection.origin.method].summary)
