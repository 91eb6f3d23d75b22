"""Which method is used: a button with its name that opens the list of all."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from camviewer.cam.methods import AUTO, METHODS
from camviewer.gui.panels.method_list import (
    ROW_ROLE,
    MethodDelegate,
    MethodList,
    Row,
    automatic_title,
)
from camviewer.gui.panels.popup_button import PopupButton
from camviewer.gui.panels.search_popup import SearchPopup

_SIZE = QSize(580, 540)


class _Texts:
    hint = "Search a method, such as grad, ablation or 2017"
    search = "Search a method"
    search_tip = "Type a part of a name, a family, what it does or who published it"
    items = "Methods, by family"
    items_tip = "Click a method to use it; point at one to read more"
    nothing = "No method matches."


class MethodPopup(SearchPopup):
    """Search and list; what cannot serve stays, with the reason."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        self.model = MethodList(parent)
        super().__init__(parent, _Texts, self.model, MethodDelegate)
        self.current = AUTO
        self.resize(_SIZE)

    def fill(self, text: str) -> int:
        self.model.search(text)
        return self.model.best_row()

    def row_in_use(self) -> int:
        return self.model.row_of(self.current)

    def take(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, Row) and row.takeable:
            self.hide()
            self.chosen.emit(row.name)


class MethodBox(QWidget):
    """The method in use; a click opens the list.

    Signals:
        chosen(str): the person picked a method, by name.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._used = ""
        self.popup = MethodPopup(self)
        self.button = PopupButton("Method")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        self.setFocusProxy(self.button)
        self.button.clicked.connect(self.open)
        self.popup.chosen.connect(self.chosen)
        self.show_method(AUTO)

    @property
    def title(self) -> str:
        """What the button says, in full."""
        current = self.popup.current
        return METHODS[current].title if current in METHODS else automatic_title(self._used)

    def open(self) -> None:
        """Open the list."""
        self.popup.open_at(self.button)

    def show_method(self, name: str) -> None:
        """The method that is asked for."""
        self.popup.current = name
        self._write()

    def show_used(self, name: str) -> None:
        """The method that answered, which tells what the automatic choice came to."""
        self._used = name if self.popup.current == AUTO else self._used
        self.popup.model.set_used(self._used)
        self._write()

    def show_obstacles(self, obstacles: Mapping[str, str]) -> None:
        """Why methods cannot serve here, by name; empty when they can."""
        self.popup.model.set_obstacles(obstacles)

    def forget_used(self) -> None:
        """Another network: what the automatic choice will come to is not known yet."""
        self._used = ""
        self.popup.model.set_used("")
        self._write()

    def _write(self) -> None:
        self.button.show_text(self.title)
        method = METHODS.get(self.popup.current)
        what = "CAM where it is exact, Grad-CAM for all other networks"
        if method is not None:
            what = f"{method.summary} ({method.paper})"
        self.button.setToolTip(f"{self.title}: {what}. Choose another method (M)")
