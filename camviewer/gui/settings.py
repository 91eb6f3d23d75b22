"""What the program remembers between two starts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from camviewer.cam.runtimes import Choice
from camviewer.media.camera import CameraMode
from camviewer.render import ColorMap, View
from camviewer.types import BoxRule, Rule

_RECENT = 12
_LONGEST = 60.0  # seconds
EXPORT_PARTS = ("overlay", "heatmap", "map", "json")

Entries = dict[str, str]
"""What was typed into the fields of a dialog, by their names."""


class Scheme(StrEnum):
    """Which palette is used."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class ExportChoices:
    """What an export writes, and where.

    Attributes:
        folder: where to; None means beside the picture.
        parts: of ``overlay``, ``heatmap``, ``map`` and ``json``.
        picture_format: ``png`` or ``jpg``, of the overlay and the heatmap.
    """

    folder: Path | None = None
    parts: frozenset[str] = frozenset({"overlay", "json"})
    picture_format: str = "png"


@dataclass(frozen=True)
class LiveChoices:
    """How things are watched.

    Attributes:
        camera: identifier of the camera that was watched last; empty for none.
        mode: what cameras are asked for; None for whatever they do by themselves.
        smooth: whether pictures are shown as they come, under an older heatmap.
        mirror: whether the pictures of cameras are flipped.
        hold: seconds in which the range of colours falls.
        smoothing: seconds over which heatmaps are averaged.
        tracking: whether boxes have numbers that stay with them.
    """

    camera: str = ""
    mode: CameraMode | None = None
    smooth: bool = False
    mirror: bool = False
    hold: float = 2.0
    smoothing: float = 0.0
    tracking: bool = True


class Settings:
    """Typed access to one QSettings store; what is damaged or unknown reads as the default."""

    def __init__(self, store: QSettings | None = None) -> None:
        if store is None:
            scope = QSettings.Scope.UserScope
            store = QSettings(QSettings.defaultFormat(), scope, "camviewer", "camviewer")
        self._store = store

    @property
    def first_launch(self) -> bool:
        """Whether the window was never closed before."""
        return not self._bool("launched", default=False)

    def mark_launched(self) -> None:
        self._store.setValue("launched", 1)

    @property
    def scheme(self) -> Scheme:
        value = self._text("scheme")
        return Scheme(value) if value in set(Scheme) else Scheme.SYSTEM

    @scheme.setter
    def scheme(self, scheme: Scheme) -> None:
        self._store.setValue("scheme", scheme.value)

    @property
    def runtime(self) -> Choice:
        """What the network is computed with."""
        value = self._text("runtime")
        return Choice(value) if value in set(Choice) else Choice.AUTO

    @runtime.setter
    def runtime(self, runtime: Choice) -> None:
        self._store.setValue("runtime", runtime.value)

    @property
    def geometry(self) -> QByteArray:
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def layout(self) -> QByteArray:
        """Where the panels stand, as QMainWindow saves it."""
        return self._bytes("window/layout")

    @layout.setter
    def layout(self, value: QByteArray) -> None:
        self._store.setValue("window/layout", value)

    @property
    def recent(self) -> tuple[Path, ...]:
        """Pictures and folders opened before, newest first."""
        value = self._store.value("recent", [])
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list):
            return ()
        return tuple(Path(t) for t in texts if isinstance(t, str) and t)[:_RECENT]

    def add_recent(self, path: Path) -> None:
        path = path.absolute()
        kept = [str(path), *(str(p) for p in self.recent if p != path)]
        self._store.setValue("recent", kept[:_RECENT])

    def clear_recent(self) -> None:
        self._store.remove("recent")

    @property
    def folder(self) -> Path:
        """Where the open dialog starts."""
        folder = Path(self._text("folder") or Path.home())
        return folder if folder.is_dir() else Path.home()

    @folder.setter
    def folder(self, folder: Path) -> None:
        self._store.setValue("folder", str(folder))

    @property
    def view(self) -> View:
        default = View()
        colormap = self._text("view/colormap")
        return View(
            opacity=self._share("view/opacity", default.opacity),
            colormap=ColorMap(colormap) if colormap in set(ColorMap) else default.colormap,
            show_heatmap=self._bool("view/heatmap", default=default.show_heatmap),
            show_boxes=self._bool("view/boxes", default=default.show_boxes),
            show_labels=self._bool("view/labels", default=default.show_labels),
        )

    @view.setter
    def view(self, view: View) -> None:
        self._store.setValue("view/opacity", view.opacity)
        self._store.setValue("view/colormap", view.colormap.value)
        self._store.setValue("view/heatmap", view.show_heatmap)
        self._store.setValue("view/boxes", view.show_boxes)
        self._store.setValue("view/labels", view.show_labels)

    @property
    def rule(self) -> BoxRule:
        default = BoxRule()
        name = self._text("boxes/rule")
        return BoxRule(
            rule=Rule(name) if name in set(Rule) else default.rule,
            threshold=self._share("boxes/threshold", default.threshold),
            min_area=self._share("boxes/min_area", default.min_area),
            grabcut=self._bool("boxes/grabcut", default=default.grabcut),
        )

    @rule.setter
    def rule(self, rule: BoxRule) -> None:
        self._store.setValue("boxes/rule", rule.rule.value)
        self._store.setValue("boxes/threshold", rule.threshold)
        self._store.setValue("boxes/min_area", rule.min_area)
        self._store.setValue("boxes/grabcut", rule.grabcut)

    @property
    def own_threshold(self) -> bool:
        """Whether the rule's threshold was chosen by the person, and not the network's."""
        chosen = self.rule.threshold != BoxRule.threshold  # before networks had their own
        return self._bool("boxes/own_threshold", default=chosen)

    @own_threshold.setter
    def own_threshold(self, own: bool) -> None:
        self._store.setValue("boxes/own_threshold", own)

    @property
    def export(self) -> ExportChoices:
        choices = ExportChoices()
        folder = self._text("export/folder")
        parts = frozenset(self._text("export/parts").split()) & frozenset(EXPORT_PARTS)
        if self._text("export/format") in {"png", "jpg"}:
            choices = replace(choices, picture_format=self._text("export/format"))
        return replace(
            choices, folder=Path(folder) if folder else None, parts=parts or choices.parts
        )

    @export.setter
    def export(self, choices: ExportChoices) -> None:
        self._store.setValue("export/folder", str(choices.folder or ""))
        self._store.setValue("export/parts", " ".join(sorted(choices.parts)))
        self._store.setValue("export/format", choices.picture_format)

    @property
    def own_models(self) -> dict[str, Entries]:
        """What was entered for weights files before, by their path, oldest first."""
        try:
            value = json.loads(self._text("own_models"))
        except ValueError:
            return {}
        if not isinstance(value, dict):
            return {}
        return {
            path: {k: v for k, v in entries.items() if isinstance(v, str)}
            for path, entries in value.items()
            if isinstance(entries, dict)
        }

    def remember_own_model(self, weights: Path, entries: Entries) -> None:
        """Keep what was entered for a weights file, and for some files before it."""
        kept = {p: e for p, e in self.own_models.items() if p != str(weights.absolute())}
        kept[str(weights.absolute())] = entries
        self._store.setValue("own_models", json.dumps(dict(list(kept.items())[-_RECENT:])))

    @property
    def texts(self) -> tuple[str, ...]:
        """The classes that were typed last for a CLIP network."""
        return tuple(line for line in self._text("clip/texts").split("\n") if line)

    @texts.setter
    def texts(self, texts: Sequence[str]) -> None:
        self._store.setValue("clip/texts", "\n".join(texts))

    @property
    def streams(self) -> tuple[str, ...]:
        """Addresses that were watched before, newest first; without passwords."""
        value = self._store.value("live/streams", [])
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list):
            return ()
        return tuple(t for t in texts if isinstance(t, str) and t)[:_RECENT]

    def add_stream(self, address: str) -> None:
        kept = [address, *(a for a in self.streams if a != address)]
        self._store.setValue("live/streams", kept[:_RECENT])

    @property
    def lessons(self) -> tuple[Path, ...]:
        """Folders of lessons that were open before, newest first."""
        value = self._store.value("teach/lessons", [])
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list):
            return ()
        return tuple(Path(t) for t in texts if isinstance(t, str) and t)[:_RECENT]

    def add_lesson(self, folder: Path) -> None:
        kept = [str(folder), *(str(f) for f in self.lessons if f != folder)]
        self._store.setValue("teach/lessons", kept[:_RECENT])

    def forget_lesson(self, folder: Path) -> None:
        self._store.setValue("teach/lessons", [str(f) for f in self.lessons if f != folder])

    @property
    def show_scores(self) -> bool:
        """Whether the scores over time come up when something is watched."""
        return self._bool("live/scores", default=True)

    @show_scores.setter
    def show_scores(self, shown: bool) -> None:
        self._store.setValue("live/scores", shown)

    @property
    def live(self) -> LiveChoices:
        default = LiveChoices()
        return LiveChoices(
            camera=self._text("live/camera"),
            mode=self._mode,
            smooth=self._bool("live/smooth", default=default.smooth),
            mirror=self._bool("live/mirror", default=default.mirror),
            hold=self._number("live/hold", default.hold, _LONGEST),
            smoothing=self._number("live/smoothing", default.smoothing, _LONGEST),
            tracking=self._bool("live/tracking", default=default.tracking),
        )

    @live.setter
    def live(self, choices: LiveChoices) -> None:
        mode = choices.mode
        asked = "" if mode is None else f"{mode.width} {mode.height} {mode.rate:g}"
        self._store.setValue("live/camera", choices.camera)
        self._store.setValue("live/mode", asked)
        self._store.setValue("live/smooth", choices.smooth)
        self._store.setValue("live/mirror", choices.mirror)
        self._store.setValue("live/hold", choices.hold)
        self._store.setValue("live/smoothing", choices.smoothing)
        self._store.setValue("live/tracking", choices.tracking)

    @property
    def _mode(self) -> CameraMode | None:
        try:
            width, height, rate = self._text("live/mode").split()
            return CameraMode(int(width), int(height), float(rate))
        except ValueError:
            return None

    def sync(self) -> None:
        """Write to disk now."""
        self._store.sync()

    def _text(self, key: str) -> str:
        value = self._store.value(key, "")
        return value if isinstance(value, str) else ""

    def _bytes(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def _bool(self, key: str, *, default: bool) -> bool:
        value = self._store.value(key, default)
        return value if isinstance(value, bool) else str(value).lower() in {"true", "1"}

    def _share(self, key: str, default: float) -> float:
        return self._number(key, default, 1.0)

    def _number(self, key: str, default: float, highest: float) -> float:
        try:
            value = float(str(self._store.value(key, default)))
        except ValueError:
            return default
        return value if 0.0 <= value <= highest else default
