"""Recording what is watched: begins and ends off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from camviewer.gui.jobs import Jobs
from camviewer.live.loop import Result
from camviewer.live.recording import Recorded, Recorder
from camviewer.media.source import SeekableSource, Source
from camviewer.media.videos import VideoFile
from camviewer.render import View
from camviewer.types import Frame


def still_name(source: Source, frame: Frame) -> str:
    """What the files of a snapshot are called: each has a name of its own."""
    stem = Path(source.name).stem
    if isinstance(source, SeekableSource):
        return f"{stem} {frame.number:06d}"
    return f"{stem} {datetime.now():%Y-%m-%d %H.%M.%S.%f}"[:-3]


class Filming(QObject):
    """One recording after the other.

    Signals:
        changed(bool, Path | None): whether it records; at the end the video, None if there is none.
        told(str): what a person should know of a recording, such as why it ended early.
    """

    changed = Signal(bool, object)
    told = Signal(str)
    _ended = Signal(object)  # Recorded; from the recorder's thread

    def __init__(self, jobs: Jobs, folder: Callable[[Path | None], Path], parent: QObject) -> None:
        """Record nothing.

        Args:
            jobs: opens the files.
            folder: where recordings go; is given the folder of the source, if it has one.
            parent: Qt's.
        """
        super().__init__(parent)
        self._jobs = jobs
        self._folder = folder
        self._wanted = False
        self._recorder: Recorder | None = None
        self._ended.connect(self._finish, Qt.ConnectionType.QueuedConnection)

    @property
    def on(self) -> bool:
        """Whether it records."""
        return self._wanted

    def begin(self, source: Source) -> None:
        """Record a source from the next result on, into a new file."""
        if self._wanted:
            return
        self._wanted = True
        folder = self._folder(source.path.parent if isinstance(source, VideoFile) else None)
        name = f"{Path(source.name).stem} {datetime.now():%Y-%m-%d %H.%M.%S}"
        self._jobs.submit(lambda: Recorder(folder, name, source), self._begun, self._failed)
        self._tell(on=True)

    def add(self, result: Result, view: View) -> None:
        """A result was shown."""
        recorder = self._recorder
        if recorder is not None and not recorder.add(result, view) and recorder.problem:
            self.end()

    def end(self) -> None:
        """Finish the file; `changed` follows when it is there, or that there is none."""
        recorder, self._recorder = self._recorder, None
        was, self._wanted = self._wanted, False
        if recorder is not None:
            recorder.end(self._ended.emit)
        elif was:
            self._tell(on=False)

    def _begun(self, recorder: Recorder) -> None:
        if self._wanted and self._recorder is None:
            self._recorder = recorder
        else:
            recorder.end()

    def _failed(self, message: str) -> None:
        self._wanted = False
        self.told.emit(message)
        self._tell(on=False)

    def _finish(self, recorded: Recorded) -> None:
        if recorded.problem:
            self.told.emit(recorded.problem)
        elif not recorded.frames:
            self.told.emit("Nothing was recorded: no new picture was shown meanwhile.")
        elif recorded.dropped:
            self.told.emit(
                f"{recorded.dropped} of {recorded.frames + recorded.dropped} pictures are not in "
                "the recording: the computer was too slow to write them."
            )
        if not self._wanted:
            self._tell(on=False, video=recorded.paths[0] if recorded.paths else None)

    def _tell(self, *, on: bool, video: Path | None = None) -> None:
        self.changed.emit(on, video)
