"""What is shown live, kept: recorded on a thread of its own, at the pace the disk allows."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from camviewer.errors import CamviewerError
from camviewer.export.files import free_stem, make_folder, safe_name
from camviewer.live.film import NOTES_ENDING, VIDEO_ENDING, Film, about
from camviewer.live.loop import Result
from camviewer.media.source import Source
from camviewer.render import View

_WAITING = 4  # results; more than these are dropped while the disk is slow
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recorded:
    """What became of a recording.

    Attributes:
        paths: the video, and the notes on its frames; empty if nothing was written.
        frames: how many were written.
        dropped: how many were not, since the disk or the encoder was too slow.
        seconds: how long the video is.
        problem: why it ended early, for people; empty if it did not.
    """

    paths: tuple[Path, ...]
    frames: int
    dropped: int
    seconds: float
    problem: str = ""


class Recorder:
    """Records results as they were shown, each at the time at which its frame was captured.

    Called from one thread, such as the GUI's; drawing, encoding and writing happen on another.
    """

    def __init__(self, folder: Path, name: str, source: Source) -> None:
        """Choose the files; nothing is written before the first result.

        Args:
            folder: where to; made if it is not there.
            name: how the files are called; made safe, and given a number if they are there.
            source: where the frames come from; its facts are noted.

        Raises:
            ExportError: if the folder cannot be made.
        """
        make_folder(folder)
        stem = free_stem(folder, safe_name(name), (VIDEO_ENDING, NOTES_ENDING))
        self._film = Film(folder / f"{stem}{VIDEO_ENDING}", about(source), hurry=True)
        self._writer = ThreadPoolExecutor(1, "record")
        self._room = threading.BoundedSemaphore(_WAITING)
        self._start: float | None = None
        self._ended = False
        self._dropped = 0
        self._seconds = 0.0
        self._problem = ""

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the files will be."""
        return self._film.paths

    @property
    def frames(self) -> int:
        """How many are written by now."""
        return self._film.frames

    @property
    def dropped(self) -> int:
        """How many found no room."""
        return self._dropped

    @property
    def seconds(self) -> float:
        """How long it has got."""
        return self._seconds

    @property
    def problem(self) -> str:
        """Why nothing is written any more, for people; empty if nothing is wrong."""
        return self._problem

    def add(self, result: Result, view: View) -> bool:
        """Record a result; never waits.

        Args:
            result: what is shown.
            view: how.

        Returns:
            Whether it will be written: not when there is no room, after a problem or the end.
        """
        if self._ended or self._problem:
            return False
        if not self._room.acquire(blocking=False):
            self._dropped += 1
            return False
        if self._start is None:
            self._start = result.arrived
        self._seconds = max(self._seconds, result.arrived - self._start)
        self._writer.submit(self._write, result, view, result.arrived - self._start)
        return True

    def end(self, then: Callable[[Recorded], None] = lambda _recorded: None) -> None:
        """Finish the files when all that waits is written; never waits itself.

        Args:
            then: is told what became of it, on the recorder's thread.
        """
        if not self._ended:
            self._ended = True
            self._writer.submit(self._finish, then)
            self._writer.shutdown(wait=False)

    def stop(self) -> Recorded:
        """Finish the files, and wait until that is done."""
        self.end()
        self._writer.shutdown(wait=True)
        return self._recorded()

    def _write(self, result: Result, view: View, time: float) -> None:
        try:
            if not self._problem:
                extra = {
                    "time": round(time, 6),
                    "source_time": round(result.inspection.frame.time, 6),
                    "age": round(result.finished - result.arrived, 6),
                    "inference": round(result.inspection.seconds, 6),
                }
                self._film.add(result.inspection, view, result.settings, time, extra)
        except Exception as error:  # a thread's edge: everything is told and logged here
            self._fail(error)
        finally:
            self._room.release()

    def _finish(self, then: Callable[[Recorded], None]) -> None:
        try:
            self._film.close(complete=False)
        except Exception as error:  # a thread's edge: everything is told and logged here
            self._fail(error)
        then(self._recorded())

    def _fail(self, error: Exception) -> None:
        if isinstance(error, CamviewerError):
            told = str(error)
        else:
            _log.error("recording failed", exc_info=error)
            told = f"The recording ended early: {error}."
        self._problem = self._problem or told

    def _recorded(self) -> Recorded:
        return Recorded(
            paths=self._film.paths if self._film.frames else (),
            frames=self._film.frames,
            dropped=self._dropped,
            seconds=self._film.seconds,
            problem=self._problem,
        )
