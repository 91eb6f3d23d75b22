"""Opens what came in: pictures and videos into the album, networks into the model flow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
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
from camviewer.models import taught
from camviewer.teach.data.dataset import LEAST
from camviewer.types import Frame


@dataclass(frozen=True)
class _Found:
    """What is in files and folders.

    Attributes:
        pictures: pictures and videos.
        videos: which of them are videos.
        classes: how many subfolders with some pictures a single folder has.
        note: which files are neither, and why; empty if there are none.
    """

    pictures: list[Path]
    videos: frozenset[Path]
    classes: int
    note: str


class Opener(QObject):
    """From an intake to a picture on the canvas; folders are read off the GUI thread."""

    weights_given = Signal(object)  # Path: of a network of which more has to be known
    taught_given = Signal(object)  # Path: of a network that was taught, and says all of itself
    recent_changed = Signal()
    picture_wanted = Signal()  # a still picture is on its way
    video_wanted = Signal(object)  # Path
    unreadable = Signal(str)  # the picture asked for cannot be shown, and why
    classes_found = Signal(object, int)  # Path: a folder with that many subfolders of pictures

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
        self._weighing = 0
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
        elif came.frame is not None:
            self._show(came.frame)
        elif came.data:
            self._album.replace(())
            self._messages.clear_for_picture()
            self.picture_wanted.emit()
            self._engine.open_bytes(came.data, "picture")
        elif came.paths:
            self._find(came.paths)
        if came.weights is not None:
            self._weigh(came.weights)

    def _weigh(self, weights: Path) -> None:
        self._weighing += 1
        weighing = self._weighing

        def found(of_itself: bool) -> None:
            if weighing == self._weighing:
                (self.taught_given if of_itself else self.weights_given).emit(weights)

        self._jobs.submit(lambda: taught.recognised(weights), found, self._tell)

    def _find(self, paths: tuple[Path, ...]) -> None:
        self._search += 1
        search = self._search

        def found(every: _Found) -> None:
            if search == self._search:
                self._videos = every.videos
                self._found(paths, every.pictures)
                if every.classes > 1:
                    self.classes_found.emit(paths[0], every.classes)
                if every.note:
                    self._messages.show_message(every.note, Kind.INFO, lasting=True)

        self._jobs.submit(lambda: _pictures(paths), found, self._tell)

    def _found(self, asked: tuple[Path, ...], pictures: list[Path]) -> None:
        for path in asked[:1]:
            self._settings.add_recent(path)
            self._settings.folder = path if path in {p.parent for p in pictures} else path.parent
        self.recent_changed.emit()
        self._album.replace(tuple(pictures))

    def _show(self, frame: Frame) -> None:
        self._album.replace(())
        self._messages.clear_for_picture()
        self.picture_wanted.emit()
        self._engine.show_frame(frame)

    def _open_current(self) -> None:
        path = self._album.current
        video = path in self._videos
        self._awaited = None if video else path
        if path is None:
            return
        self._messages.clear_for_picture()
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


def _pictures(paths: tuple[Path, ...]) -> _Found:
    """The pictures and videos in files and folders.

    What is called like a picture and is none, or is gone, says so when opened.

    Raises:
        PictureError: if there are none; what is open then stays.
    """
    found = images.find_pictures(paths, lambda path: images.is_picture(path) or is_video(path))
    strangers = {path: why for path in found if (why := _what_else(path))}
    if strangers and len(strangers) == len(found):
        raise PictureError(next(iter(strangers.values())))
    if not found:
        names = ", ".join(p.name for p in paths)
        raise PictureError(f"There is no picture or video in {names} that camviewer can read.")
    found = [path for path in found if path not in strangers]
    videos = frozenset(path for path in found if is_video(path))
    return _Found(found, videos, _classes(paths, found), _left_out(list(strangers.values())))


def _what_else(path: Path) -> str:
    """Why a file that is there is neither a picture nor a video; empty if it may be one."""
    if path.suffix.casefold() in images.EXTENSIONS or is_video(path) or not path.is_file():
        return ""
    try:
        images.check(path)
    except PictureError as error:
        return str(error)
    return ""


def _left_out(reasons: list[str]) -> str:
    more = f" {len(reasons) - 1:,} more are left out, too." if len(reasons) > 1 else ""
    return f"{reasons[0]}{more}" if reasons else ""


def _classes(paths: tuple[Path, ...], found: list[Path]) -> int:
    """How many subfolders of the one folder hold enough pictures to be taught as a class."""
    if len(paths) != 1 or not paths[0].is_dir():
        return 0
    parts = (path.relative_to(paths[0]).parts for path in found)
    counts = Counter(part[0] for part in parts if len(part) > 1)
    return sum(count >= LEAST for count in counts.values())
