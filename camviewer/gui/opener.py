"""Opens what came in: pictures and videos into the album, weights into the model flow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Signal

from camviewer.errors import PictureError
from camviewer.gui import intake
from camviewer.gui.album import Album
from camviewer.gui.engine import Engine
from camviewer.gui.jobs import Jobs
from camviewer.gui.message_bar import Kind, MessageBar
from camviewer.gui.session import Session
from camviewer.gui.settings import Settings
from camviewer.media import images
from camviewer.media.videos import is_video
from camviewer.types import Frame


class Opener(QObject):
    """From an intake to a picture on the canvas; folders are read off the GUI thread."""

    weights_given = Signal(object)  # Path
    recent_changed = Signal()
    picture_wanted = Signal()  # a still picture is on its way
    video_wanted = Signal(object)  # Path
    unreadable = Signal(str)  # the picture asked for cannot be shown, and why

    def __init__(
        self,
        engine: Engine,
        session: Session,
        album: Album,
        jobs: Jobs,
        messages: MessageBar,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._session = session
        self._album = album
        self._jobs = jobs
        self._messages = messages
        self._settings = settings
        self._search = 0
        self._awaited: Path | None = None
        self._videos: frozenset[Path] = frozenset()
        album.moved.connect(self._open_current)
        engine.frame_loaded.connect(self._arrived)
        engine.failed.connect(self._failed)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open files and folders, or offer to load a weights file as a network."""
        self._take(intake.from_paths(paths))

    def open_sample(self, path: Path) -> None:
        """Open a picture that ships with the program; it is not one of the recent ones."""
        self._album.replace((path,))

    def open_mime(self, mime: QMimeData, source: str) -> None:
        """Open what was dropped or pasted."""
        self._take(intake.from_mime(mime, source))

    def _take(self, came: intake.Intake) -> None:
        if came.refusal:
            self._messages.show_message(came.refusal, Kind.INFO)
        elif came.weights is not None:
            self.weights_given.emit(came.weights)
        elif came.frame is not None:
            self._show(came.frame)
        elif came.data:
            self._album.replace(())
            self._messages.clear()
            self.picture_wanted.emit()
            self._engine.open_bytes(came.data, "picture")
        else:
            self._find(came.paths)

    def _find(self, paths: tuple[Path, ...]) -> None:
        self._search += 1
        search = self._search

        def found(every: tuple[list[Path], frozenset[Path]]) -> None:
            if search == self._search:
                pictures, self._videos = every
                self._found(paths, pictures)

        self._jobs.submit(lambda: _pictures(paths), found, self._tell)

    def _found(self, asked: tuple[Path, ...], pictures: list[Path]) -> None:
        for path in asked[:1]:
            self._settings.add_recent(path)
            self._settings.folder = path if path in {p.parent for p in pictures} else path.parent
        self.recent_changed.emit()
        self._album.replace(tuple(pictures))

    def _show(self, frame: Frame) -> None:
        self._album.replace(())
        self._messages.clear()
        self.picture_wanted.emit()
        self._engine.show_frame(frame)

    def _open_current(self) -> None:
        path = self._album.current
        video = path in self._videos
        self._awaited = None if video else path
        if path is None:
            return
        self._messages.clear()
        if video:
            self.video_wanted.emit(path)
        else:
            self.picture_wanted.emit()
            self._engine.open_picture(path)

    def _arrived(self) -> None:
        self._awaited = None

    def _failed(self, message: str) -> None:
        if self._awaited is not None:
            self._awaited = None
            self._session.clear()
            self.unreadable.emit(message)
        elif self._session.asks_specially:
            self._messages.show_message(
                message, Kind.ERROR, "Use Automatic", self._session.ask_simply
            )
        else:
            self._tell(message)

    def _tell(self, message: str) -> None:
        self._messages.show_message(message, Kind.ERROR)


def _pictures(paths: tuple[Path, ...]) -> tuple[list[Path], frozenset[Path]]:
    """The pictures and videos in files and folders, and which of them are videos.

    What is neither or is gone says so when opened.

    Raises:
        PictureError: if only folders were given and there is nothing in them.
    """
    found = images.find_pictures(paths, lambda path: images.is_picture(path) or is_video(path))
    if not found:
        names = ", ".join(p.name for p in paths)
        raise PictureError(f"There is no picture or video in {names} that camviewer can read.")
    return found, frozenset(path for path in found if is_video(path))
