"""The ranked classes as a model: order, search, what is explained."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from camviewer.types import Inspection

_Index = QModelIndex | QPersistentModelIndex
TARGET_ROLE = Qt.ItemDataRole.UserRole + 1  # class index
SCORE_ROLE = Qt.ItemDataRole.UserRole + 2  # probability, or None before there is one
COLOUR_ROLE = Qt.ItemDataRole.UserRole + 3  # QColor while several classes are explained
THRESHOLD_ROLE = Qt.ItemDataRole.UserRole + 4  # score from which the class counts as present


class ClassModel(QAbstractListModel):
    """All classes, best first, those kept that match the search."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._labels: tuple[str, ...] = ()
        self._folded: tuple[str, ...] = ()
        self._thresholds: tuple[float, ...] | None = None
        self._inspection: Inspection | None = None
        self._search = ""
        self._rows: list[int] = []
        self._explained: tuple[int, ...] = ()
        self._colours: dict[int, QColor] = {}

    @property
    def explained(self) -> tuple[int, ...]:
        """The classes whose maps are shown."""
        return self._explained

    def set_labels(self, labels: tuple[str, ...], thresholds: tuple[float, ...] | None) -> None:
        """Another network: its classes, without scores yet."""
        self._labels = labels
        self._folded = tuple(label.casefold() for label in labels)
        self._thresholds = thresholds
        self._inspection, self._explained, self._colours = None, (), {}
        self._fill()

    def set_inspection(self, inspection: Inspection | None, colours: dict[int, QColor]) -> None:
        """Show another picture's scores; ``colours`` of the classes when several are explained."""
        self._inspection = inspection
        explanations = inspection.explanations if inspection is not None else ()
        targets = (e.heatmap.target for e in explanations)
        # likeness is about no class
        self._explained = tuple(target for target in targets if target >= 0)
        self._colours = colours
        self._rank()

    def set_search(self, text: str) -> None:
        """Keep the classes that hold every word, or have this number."""
        self._search = text.casefold().strip()
        self._fill()

    def row_of(self, target: int) -> int:
        """Where a class stands; -1 when the search leaves it out."""
        return self._rows.index(target) if target in self._rows else -1

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        del index
        flag = Qt.ItemFlag
        return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsUserCheckable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        target = self._rows[index.row()]
        item = Qt.ItemDataRole
        if role == item.DisplayRole:
            return self._labels[target]
        if role == item.CheckStateRole:
            shown = target in self._explained
            return Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked
        if role in (item.ToolTipRole, item.AccessibleTextRole):
            return self._described(target)
        if role == TARGET_ROLE:
            return target
        if role == SCORE_ROLE:
            return self._score(target)
        if role == COLOUR_ROLE:
            return self._colours.get(target)
        if role == THRESHOLD_ROLE:
            return self._thresholds[target] if self._thresholds is not None else None
        return None

    def _score(self, target: int) -> float | None:
        return None if self._inspection is None else self._inspection.predictions[target].score

    def _described(self, target: int) -> str:
        score = self._score(target)
        text = f"{self._labels[target]} (class {target})"
        return text if score is None else f"{text}: {percent(score)}"

    def _fill(self) -> None:
        self.beginResetModel()
        self._rows = self._found()
        self.endResetModel()

    def _rank(self) -> None:
        """The same classes in another order: views need not lay out a thousand rows again."""
        self._rows = self._found()
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def _found(self) -> list[int]:
        """The classes that match the search, best first."""
        ranked = range(len(self._labels)) if self._inspection is None else self._inspection.ranking
        words = self._search.split()
        if not words:
            return list(ranked)
        return [
            i for i in ranked if all(w in self._folded[i] for w in words) or self._search == str(i)
        ]


def percent(score: float) -> str:
    """A probability for people: ``98 %``, ``3.2 %``; never 0 or 100 unless it is."""
    share = score * 100
    if 0 < share < 0.1:
        return "<0.1 %"
    if 99.9 < share < 100:
        return ">99.9 %"
    if share in (0, 100) or 9.95 <= share <= 99:
        return f"{share:.0f} %"
    return f"{share:.1f} %"
