"""Choosing a network for a pane that is not loaded: catalogue, own weights, consent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from camviewer.errors import ConsentRequiredError
from camviewer.gui.compare.pane import Pane
from camviewer.gui.compare.shelf import Shelf, Wish
from camviewer.gui.compare.view import CompareView
from camviewer.gui.dialogs.consent import ConsentDialog
from camviewer.gui.dialogs.own_model import OwnModelDialog
from camviewer.gui.dialogs.texts import TextsDialog
from camviewer.gui.panels.model_popup import ModelPopup
from camviewer.gui.settings import Settings
from camviewer.models import clip


class ModelChoice(QObject):
    """Asks the person and lets the pane wait for the network."""

    def __init__(
        self, view: CompareView, shelf: Shelf, settings: Settings, window: QWidget
    ) -> None:
        super().__init__(window)
        self._view = view
        self._settings = settings
        self._window = window
        self._pane: Pane | None = None
        self.popup = ModelPopup(view)
        self.popup.chosen.connect(self._take)
        self.popup.own_requested.connect(self._ask_own)
        view.model_wanted.connect(self._ask)
        shelf.failed.connect(self._ask_consent)

    def _ask(self, pane: Pane, below: QWidget) -> None:
        self._pane = pane
        self.popup.open_for(below, pane.setting.model.classifier.name)

    def _take(self, name: str) -> None:
        pane = self._pane
        if pane not in self._view.panes:
            return
        if clip.named(name) and clip.installed():
            self._ask_texts(pane, name)
        else:  # without open_clip the pane is told how to get it
            self._view.load_model(Wish(pane, name))

    def _ask_texts(self, pane: Pane, name: str) -> None:
        dialog = TextsDialog(name, self._settings, self._window)

        def agreed(name: str, options: dict[str, Any]) -> None:
            if pane in self._view.panes:
                self._view.load_model(Wish(pane, name, options))

        dialog.agreed.connect(agreed)
        dialog.open()

    def _ask_own(self) -> None:
        pane = self._pane
        dialog = OwnModelDialog(
            None, self._settings.folder, self._window, self._settings.own_models
        )

        def accepted() -> None:
            own = dialog.chosen()
            self._settings.remember_own_model(own.weights, dialog.entries)
            options = {"weights": own.weights, "labels": own.labels, "overrides": own.overrides}
            if pane in self._view.panes:
                self._view.load_model(Wish(pane, own.name, options))

        dialog.accepted.connect(accepted)
        dialog.open()

    def _ask_consent(self, wish: Wish, message: str, error: object) -> None:
        if not isinstance(error, ConsentRequiredError):
            return
        file = Path(wish.options.get("weights") or wish.name or "")
        dialog = ConsentDialog(file, message, self._window)
        agreed = Wish(wish.wanted_by, wish.name, {**wish.options, "consent": True})

        def accepted() -> None:
            if wish.wanted_by in self._view.panes:
                self._view.load_model(agreed)

        dialog.accepted.connect(accepted)
        dialog.open()
