"""From choosing a network to having it: progress, consent, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from camviewer.errors import ConsentRequiredError
from camviewer.gui.dialogs.consent import ConsentDialog
from camviewer.gui.dialogs.own_model import OwnModelDialog
from camviewer.gui.dialogs.texts import TextsDialog
from camviewer.gui.engine import Engine
from camviewer.gui.message_bar import Kind, MessageBar
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.panels.model_box import ModelBox
from camviewer.gui.settings import Settings
from camviewer.models import clip

STARTER = "starter"


class ModelFlow(QObject):
    """Loads networks through the engine and keeps the model box and the messages up to date."""

    def __init__(
        self,
        engine: Engine,
        box: ModelBox,
        messages: MessageBar,
        settings: Settings,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._engine = engine
        self._box = box
        self._messages = messages
        self._settings = settings
        self._window = window
        self._asked: tuple[str | None, dict[str, Any]] = (STARTER, {})
        self._announce = False
        self._zero_shot: tuple[str, Path | None] | None = None  # the CLIP network in use
        self._has_stepped_in = False  # the built-in one, for one that could not be loaded
        box.texts_requested.connect(self.ask_texts)
        box.chosen.connect(self.load)
        box.own_requested.connect(self.ask_own)
        box.cancelled.connect(self._cancel)
        engine.model_progress.connect(box.show_progress)
        engine.model_loaded.connect(self._loaded)
        engine.model_failed.connect(self._failed)

    def load_starter(self) -> None:
        """Use the built-in network, without a word."""
        self._load(STARTER, {}, announce=False)

    def begin(self, name: str | None, options: Mapping[str, Any]) -> None:
        """Use the network that the program was started with, without a word.

        Where it cannot be loaded the built-in one serves, so that there is always one.

        Args:
            name: see `catalog.load`.
            options: likewise.
        """
        if name is not None and clip.named(name) and not options.get("texts"):
            self.load_starter()
            self.ask_texts(name, options.get("weights"))
        else:
            self._load(name, dict(options), announce=False)

    def load(self, name: str) -> None:
        """Use a network of the catalogue; for a CLIP network its classes are asked for first."""
        if clip.named(name):
            self.ask_texts(name)
        else:
            self._load(name, {}, announce=True)

    def ask_texts(self, name: str = "", weights: Path | None = None) -> None:
        """Ask for the classes of a CLIP network, then load it.

        Args:
            name: of the network; empty for the one in use, or to begin with.
            weights: the person's own file of its weights.
        """
        if not clip.installed():
            self._messages.show_message(clip.MISSING, Kind.ERROR)
            return
        if not name and self._zero_shot is not None:
            name, weights = self._zero_shot
        dialog = TextsDialog(name or clip.DEFAULT, self._settings, self._window, weights)
        dialog.agreed.connect(lambda name, options: self._load(name, options, announce=True))
        dialog.open()

    def load_file(self, file: Path, *, announce: bool = True) -> None:
        """Use the network in a file that needs no questions: one that was taught.

        Args:
            file: its file.
            announce: tell when it is ready.
        """
        self._load(None, {"weights": file}, announce=announce)

    def ask_own(self, weights: Path | None = None) -> None:
        """Ask for the file and what belongs to it, then load it."""
        dialog = OwnModelDialog(
            weights, self._settings.folder, self._window, self._settings.own_models
        )

        def accepted() -> None:
            own = dialog.chosen()
            self._settings.remember_own_model(own.weights, dialog.entries)
            options = {"weights": own.weights, "labels": own.labels, "overrides": own.overrides}
            self._load(own.name, options, announce=True)

        dialog.accepted.connect(accepted)
        dialog.open()

    def _load(self, name: str | None, options: dict[str, Any], *, announce: bool) -> None:
        self._asked = name, options
        self._announce = announce
        self._messages.clear()
        weights = options.get("weights")
        self._box.begin_loading(weights.name if isinstance(weights, Path) else str(name))
        self._engine.load_model(name, **options)

    def _cancel(self) -> None:
        self._engine.cancel_load()
        self._box.end_loading()
        instead = "the model stays as it was" if self._engine.model else "the starter is used"
        self._messages.show_message(f"Loading was cancelled; {instead}.")
        self._step_in()

    def _loaded(self, info: ModelInfo) -> None:
        self._box.end_loading()
        name, options = self._asked
        is_clip = clip.named(info.classifier.name)
        self._zero_shot = (name or "", options.get("weights")) if is_clip else None
        if self._announce:
            count = len(info.classifier.labels)
            text = f"{self._box.title(info.classifier.name)} is ready, with {count} classes."
            note = info.inspector.viewing_note
            self._messages.show_message(f"{text} {note}".strip(), Kind.GOOD)

    def _failed(self, message: str, error: object) -> None:
        self._box.end_loading()
        if isinstance(error, ConsentRequiredError):
            self._ask_consent(message)
        else:
            self._messages.show_message(message, Kind.ERROR, "Try Again", self._again, lasting=True)
        self._step_in()

    def _step_in(self) -> None:
        """Have the built-in network where there is none at all, whatever was asked for."""
        if self._engine.model is None and not self._has_stepped_in:
            self._has_stepped_in = True
            self._announce = False
            self._engine.load_model(STARTER)

    def _again(self) -> None:
        name, options = self._asked
        if name is not None and clip.named(name):
            self.ask_texts(name, options.get("weights"))
        elif options.get("weights"):
            self.ask_own(options["weights"])
        else:
            self._load(name, options, announce=self._announce)

    def _ask_consent(self, message: str) -> None:
        name, options = self._asked
        dialog = ConsentDialog(Path(options.get("weights") or name or ""), message, self._window)
        dialog.accepted.connect(
            lambda: self._load(name, {**options, "consent": True}, announce=True)
        )
        dialog.rejected.connect(
            lambda: self._messages.show_message("The file was not loaded; nothing in it ran.")
        )
        dialog.open()
