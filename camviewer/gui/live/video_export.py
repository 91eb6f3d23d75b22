"""Exports an open video in the background: every frame explained, with progress and cancel."""

from __future__ import annotations

import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from camviewer.errors import CancelledError
from camviewer.gui.crash import message_for
from camviewer.gui.interrupt import interruptible
from camviewer.gui.live.video_export_dialog import VideoExportDialog
from camviewer.gui.message_bar import Kind
from camviewer.gui.worker import Lane, Ticket
from camviewer.inspector import along, inspector_for
from camviewer.live.loop import Settings

if TYPE_CHECKING:
    from camviewer.gui.main_window import MainWindow
    from camviewer.live.processing import Processed

_TOLD = 0.5  # seconds between two lines of progress
_SURE = 3.0  # seconds of work before the time left is told


class VideoExport(QObject):
    """Runs on a thread of its own, with an inspector of its own: the window stays in use.

    Signals:
        ended(Processed): the video is written, as far as it was wanted.

    Attributes:
        lane: the thread; whoever owns this ends it.
    """

    ended = Signal(object)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._path = Path()
        self._stop = threading.Event()
        self._said = ""
        self._began = self._told = 0.0
        self.lane = Lane("video export", self)
        self.lane.progress.connect(self._tell_progress)
        self.lane.done.connect(self._tell_end)
        self.lane.failed.connect(self._tell_failure)

    @property
    def video(self) -> Path | None:
        """The video file that is watched; None for anything else."""
        path = getattr(self._window.player.source, "path", None)
        return path if isinstance(path, Path) and self._window.player.seekable else None

    def ask(self) -> None:
        """Let the person choose a file, then export."""
        video, player = self.video, self._window.player
        if video is None:
            return
        from camviewer.live.film import VIDEO_ENDING

        folder = self._window.settings.export.folder or video.parent
        offered = folder / f"{video.stem}{VIDEO_ENDING}"
        dialog = VideoExportDialog(video, offered, player.length, player.duration, self._window)
        dialog.accepted.connect(lambda: self.start(video, dialog.path))
        dialog.open()

    def start(self, video: Path, path: Path) -> None:
        """Export with what is asked and shown now; an export that still runs is given up."""
        window, player = self._window, self._window.player
        model = window.session.model
        if model is None:
            return
        # two that share the machine would both be slow
        player.set_frozen(True)
        classifier, device, runtime = model.classifier, model.device, window.session.runtime
        view = window.session.view
        settings = Settings(window.session.request, player.hold, player.smoothing, player.tracking)
        self._path = path
        stop = self._stop = threading.Event()

        def job(ticket: Ticket) -> Processed:
            from camviewer.live.processing import process
            from camviewer.media.videos import VideoFile

            def cancelled() -> bool:
                return stop.is_set() or ticket.cancelled()

            with interruptible(cancelled):
                look = partial(along, inspector_for(classifier, device, runtime))
                source = VideoFile(video)
                return process(source, look, settings, view, path, ticket.progress, cancelled)

        self.lane.submit(job)
        self._began, self._told = time.monotonic(), float("-inf")
        self._tell_progress(0, player.length)

    def _tell_progress(self, done: int, total: int) -> None:
        now, bar = time.monotonic(), self._window.messages
        # what somebody else says stays until it is read
        if now - self._told < _TOLD or bar.text not in ("", self._said):
            return
        self._told = now
        of, left = f" of {total}" if total else "", time_left(done, total, now - self._began)
        self._said = f"Exporting {self._path.name}: frame {done}{of}{left and ', '}{left}."
        bar.show_message(self._said, Kind.INFO, "Cancel", self.cancel)

    def cancel(self) -> None:
        """Stop; what is written so far becomes a video that can be played."""
        self._stop.set()

    def _tell_end(self, made: Processed) -> None:
        folder = self._path.parent
        if not made.paths:
            text = "Stopped before the first frame. Nothing was written."
        elif made.cancelled:
            text = f"Stopped. The first {made.frames} frames are in {self._path}."
        else:
            text = f"Exported {made.frames} frames to {self._path}."
        text = f"{text} {made.note}".rstrip()
        show = self._window.exporter.show_folder
        kind = Kind.INFO if made.cancelled or made.note else Kind.GOOD
        self._window.messages.show_message(text, kind, "Show Folder", lambda: show(folder))
        self.ended.emit(made)

    def _tell_failure(self, error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            self._window.messages.show_message(message_for(error), Kind.ERROR)


def time_left(done: int, total: int, seconds: float) -> str:
    """How long the rest will take, in words; empty while nobody can say.

    Args:
        done: frames that are written.
        total: of how many; 0 while unknown.
        seconds: what they took.
    """
    if seconds < _SURE or not 0 < done < total:
        return ""
    left = round(seconds / done * (total - done))
    if left < 60:
        return f"{left} s left"
    minutes, seconds = divmod(left, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s left"
    return f"{minutes // 60} h {minutes % 60} min left"
