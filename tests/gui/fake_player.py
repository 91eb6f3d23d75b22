"""A player without threads: a test says what it shows, and reads what it was told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Signal

from camviewer.live.condition import Condition, Status
from camviewer.live.loop import Result, Settings
from camviewer.live.rates import Figures
from camviewer.types import Inspection

if TYPE_CHECKING:
    from camviewer.gui.live.player import Player


class FakePlayer(QObject):
    """The interface of `camviewer.gui.live.player.Player`."""

    started = Signal(str)
    stopped = Signal()
    status_changed = Signal(object)
    shown = Signal(object)
    figures_changed = Signal(object)
    position_changed = Signal(int, float)
    frozen_changed = Signal(bool)
    recording_changed = Signal(bool, object)
    settings_changed = Signal()
    told = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[object, ...]] = []
        self.source: object = None
        self.camera: object = None
        self.source_name = ""
        self.status = Status(Condition.CLOSED)
        self.running = self.frozen = self.recording = False
        self.mirror = self.smooth = self.looping = False
        self.hold, self.smoothing, self.tracking = 2.0, 0.0, True
        self.seekable = False
        self.length, self.duration, self.rate = 0, 0.0, 30.0
        self.position = 0
        self.figures = Figures()

    def begin(
        self, name: str, *, frames: int = 0, rate: float = 25.0, camera: bool = False
    ) -> None:
        """A source is there; one with frames is a file."""
        self.camera = object() if camera else None
        self.source, self.source_name, self.running = object(), name, True
        self.seekable, self.length, self.rate = frames > 0, frames, rate
        self.duration = frames / rate
        self.status = Status(Condition.RUNNING)
        self.started.emit(name)
        self.status_changed.emit(self.status)

    def become(self, condition: Condition, message: str = "") -> None:
        """The source does something else."""
        self.status = Status(condition, message)
        self.status_changed.emit(self.status)

    def show(self, inspection: Inspection, arrived: float) -> None:
        """A result was shown."""
        self.shown.emit(Result(inspection, arrived, arrived + 0.03, 0, Settings()))

    def start(self, source: object) -> None:
        self.calls.append(("start", source))

    def start_camera(self, info: object, mode: object) -> None:
        self.calls.append(("start_camera", info, mode))

    def stop(self) -> None:
        self.calls.append(("stop",))
        self.source, self.running = None, False
        self.status = Status(Condition.CLOSED)
        self.stopped.emit()

    def set_frozen(self, frozen: bool) -> None:
        self.calls.append(("set_frozen", frozen))
        self.frozen = frozen
        self.frozen_changed.emit(frozen)

    def step(self, by: int) -> None:
        self.calls.append(("step", by))

    def seek(self, number: int) -> None:
        self.calls.append(("seek", number))

    def set_looping(self, on: bool) -> None:
        self._set("looping", on)

    def set_mirror(self, on: bool) -> None:
        self._set("mirror", on)

    def set_smooth(self, on: bool) -> None:
        self._set("smooth", on)

    def set_smoothing(self, seconds: float) -> None:
        self._set("smoothing", seconds)

    def set_hold(self, seconds: float) -> None:
        self._set("hold", seconds)

    def set_tracking(self, on: bool) -> None:
        self._set("tracking", on)

    def snapshot(self) -> None:
        self.calls.append(("snapshot",))

    def record(self, on: bool) -> None:
        self.calls.append(("record", on))
        self.recording = on
        self.recording_changed.emit(on, Path("out.mp4"))

    def retry(self) -> None:
        self.calls.append(("retry",))

    def _set(self, name: str, value: object) -> None:
        self.calls.append((f"set_{name}", value))
        setattr(self, name, value)
        self.settings_changed.emit()


def as_player(fake: FakePlayer) -> Player:
    """What is told that it has a real one."""
    return cast("Player", fake)
