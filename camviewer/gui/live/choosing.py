"""From "I want to watch something" to a source that the player starts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from camviewer.gui.live.camera_picker import CameraPicker, InUse
from camviewer.gui.live.screen_picker import ScreenPicker
from camviewer.gui.live.stream_dialog import StreamDialog, without_password
from camviewer.gui.message_bar import Kind
from camviewer.media.cameras import CameraInfo, CameraMode

if TYPE_CHECKING:
    from camviewer.gui.main_window import MainWindow

_WAYLAND = (
    "On this desktop (Wayland) no program may look at the screen by itself. Log in with an X11 "
    "session to watch a part of the screen."
)


class Choosing(QObject):
    """Cameras by a list, streams by their address, the screen by a frame.

    Attributes:
        picker: the list of cameras.
        screens: what lies over the screen while a part of it is being marked; else None.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.picker = CameraPicker(window)
        self.screens: ScreenPicker | None = None
        usual = window.settings.live
        self.picker.show_mode(usual.mode)
        self.picker.usual = usual.camera
        self.picker.chosen.connect(self._watch_camera)
        self.picker.other_wanted.connect(lambda name: window.actions_by_name[name].trigger())

    def camera(self, at: QWidget) -> None:
        """Let the person choose a camera; the only one is taken while nothing is watched.

        Args:
            at: the list opens there.
        """
        player, in_use = self._window.player, None
        if player.camera is not None:
            actual = getattr(player.source, "actual", None)
            in_use = InUse(
                player.camera, player.mode, actual if isinstance(actual, CameraMode) else None
            )
        self.picker.open_at(at, in_use, alone=player.source is None)

    def stream(self) -> None:
        """Ask for an address, then watch it."""
        from camviewer.media.streams import NetworkStream, parse_address

        settings = self._window.settings
        dialog = StreamDialog(settings.streams, parse_address, self._window)

        def accepted() -> None:
            settings.add_stream(without_password(dialog.address))
            self._window.player.start(NetworkStream(dialog.address))

        dialog.accepted.connect(accepted)
        dialog.open()

    def screen(self) -> None:
        """Let the person mark a part of the screen, then watch it."""
        if QGuiApplication.platformName().startswith("wayland"):
            self._window.messages.show_message(_WAYLAND, Kind.ERROR)
            return
        self.screens = ScreenPicker(self)
        self.screens.picked.connect(self._watch_screen)
        self.screens.left.connect(self._forget_screens)
        self.screens.open()

    def _watch_camera(self, info: CameraInfo, mode: CameraMode | None) -> None:
        settings = self._window.settings
        settings.live = replace(settings.live, camera=info.identifier, mode=mode)
        self.picker.usual = info.identifier
        self._window.player.start_camera(info, mode)

    def _watch_screen(self, area: QRect) -> None:
        from camviewer.media.screens import ScreenRegion

        self._forget_screens()
        source = ScreenRegion(area.left(), area.top(), area.width(), area.height())
        self._window.player.start(source)

    def _forget_screens(self) -> None:
        if self.screens is not None:
            self.screens.deleteLater()
            self.screens = None
