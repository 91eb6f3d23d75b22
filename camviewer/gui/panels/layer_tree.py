"""The layers of a network as a tree, one of them the target layer."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from camviewer.gui.model_info import ModelInfo

_NAME_ROLE = Qt.ItemDataRole.UserRole


class LayerTree(QTreeWidget):
    """Automatic first, then every layer that can be looked at, by its dotted name.

    Signals:
        chosen(str): the person picked a layer; empty for the automatic one.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(2)
        self.setHeaderLabels(["Target layer", "Cells × channels"])
        self.setAccessibleName("Target layer")
        self.setUniformRowHeights(True)
        self.setIndentation(14)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(60)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._items: dict[str, QTreeWidgetItem] = {}
        self.currentItemChanged.connect(self._picked)

    def show_model(self, info: ModelInfo) -> None:
        """Another network's layers, the automatic one chosen."""
        with QSignalBlocker(self):
            self._fill(info)

    def _fill(self, info: ModelInfo) -> None:
        self.clear()
        self._items = {}
        suggested = info.inspector.automatic_layer.name
        side = info.classifier.preprocessing.input_size
        self.headerItem().setToolTip(1, f"Of a picture of {side} × {side} pixels; others scale")
        first = QTreeWidgetItem(self, [f"Automatic ({suggested})", ""])
        first.setData(0, _NAME_ROLE, "")
        first.setToolTip(0, f"The layer that usually shows most: {suggested}")
        first.setFirstColumnSpanned(True)
        self._items[""] = first
        best = first
        for layer in info.layers:
            item = self._item(layer.name)
            rows, columns = info.inspector.cells(layer)
            item.setText(1, f"{rows}×{columns} × {layer.channels}")
            item.setData(0, _NAME_ROLE, layer.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsSelectable)
            tip = f"{layer.name}: {layer.operation}, {rows} × {columns} cells"
            tip += f", {layer.channels} channels"
            if layer.name == suggested:
                item.setText(0, f"★ {item.text(0)}")
                bold = QFont(self.font())
                bold.setBold(True)
                item.setFont(0, bold)
                tip += ", suggested"
                best = item
            item.setToolTip(0, tip)
        self.setCurrentItem(first)
        self._open_to(best)

    def select(self, name: str | None) -> None:
        """Mark a layer as chosen without telling anybody."""
        item = self._items.get(name or "")
        if item is not None and item is not self.currentItem():
            with QSignalBlocker(self):
                self.setCurrentItem(item)

    def _open_to(self, item: QTreeWidgetItem) -> None:
        above = item.parent()
        while above is not None:
            above.setExpanded(True)
            above = above.parent()

    def _item(self, name: str) -> QTreeWidgetItem:
        if name in self._items:
            return self._items[name]
        parent_name, _, own = name.rpartition(".")
        parent = self._item(parent_name) if parent_name else self.invisibleRootItem()
        item = QTreeWidgetItem(parent, [own, ""])
        item.setData(0, _NAME_ROLE, None)
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsSelectable)
        item.setToolTip(0, f"{name}: open it to see its layers")
        self._items[name] = item
        return item

    def _picked(self, item: QTreeWidgetItem | None) -> None:
        name = item.data(0, _NAME_ROLE) if item is not None else None
        if isinstance(name, str):
            self.chosen.emit(name)
