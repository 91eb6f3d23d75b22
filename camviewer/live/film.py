"""What is kept of a moving picture: an annotated video, and notes on every frame beside it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from camviewer.export.files import free_stem
from camviewer.export.journal import Journal, rule_record
from camviewer.export.video import VideoWriter
from camviewer.live.loop import Settings
from camviewer.media.source import SeekableSource, Source
from camviewer.media.videos import VideoFile
from camviewer.render import View, overlay
from camviewer.types import Inspection

VIDEO_ENDING = ".overlay.mp4"
NOTES_ENDING = ".jsonl"


def notes_beside(video: Path) -> Path:
    """Where the notes on a video are: ``clip.jsonl`` for ``clip.overlay.mp4`` or ``clip.mp4``."""
    return video.with_name(f"{video.stem.removesuffix('.overlay')}{NOTES_ENDING}")


def about(source: Source) -> dict[str, Any]:
    """A source's own facts, for the notes; what is unknown is None."""
    name = str(source.path) if isinstance(source, VideoFile) else source.name
    known: dict[str, Any] = {"source": name, "rate": source.rate or None}
    if isinstance(source, SeekableSource):
        # without a duration the length is what was seen so far
        duration = source.duration or None
        known.update(frames=(source.length or None) if duration else None, duration=duration)
    return known


def asked(settings: Settings) -> dict[str, Any]:
    """What was asked of every frame, for the notes."""
    request = settings.request
    return {
        "targets": None if request.targets is None else list(request.targets),
        "top": request.top,
        **rule_record(request.rule),
        "hold": settings.hold,
        "smoothing": settings.smoothing,
        "track": settings.track,
    }


class Film:
    """Both files, written together. Not thread-safe, but it need not stay on one thread.

    Attributes:
        paths: the video and the notes. They change when it is closed before its end and such files
            are there: what is incomplete replaces nothing.
    """

    def __init__(
        self,
        video: Path,
        source: Mapping[str, Any],
        *,
        sound: VideoFile | None = None,
        hurry: bool = False,
    ) -> None:
        """Nothing is made before the first frame.

        Args:
            video: where the video will be; the notes stand beside it.
            source: see `about`.
            sound: the open video whose sound is taken over; None for silence.
            hurry: see `VideoWriter`.
        """
        self.paths = (video, notes_beside(video))
        self._source = dict(source)
        self._sound = sound
        self._hurry = hurry
        self._open: tuple[VideoWriter, Journal] | None = None

    @property
    def frames(self) -> int:
        return 0 if self._open is None else self._open[0].frames

    @property
    def seconds(self) -> float:
        """How long the video is."""
        return 0.0 if self._open is None else self._open[0].end

    @property
    def note(self) -> str:
        """What the user should know of the files; empty if nothing."""
        return "" if self._open is None else self._open[0].note

    def add(
        self,
        inspection: Inspection,
        view: View,
        settings: Settings,
        time: float | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Draw and write a frame.

        Args:
            inspection: what is written; the first one's size is that of the video.
            view: how it is shown.
            settings: what it was made with.
            time: seconds in the video; the frame's own when None.
            extra: more for its line in the notes.

        Raises:
            ExportError: if it cannot be written.
        """
        video, journal = self._open or self._begin(inspection)
        video.write(overlay(inspection, view), inspection.frame.time if time is None else time)
        journal.add(inspection, {**self._source, **asked(settings)}, dict(extra or {}))

    def close(self, *, complete: bool = True) -> None:
        """Finish both files; twice is fine. Without frames there are none.

        Args:
            complete: all frames are there, see `VideoWriter.close`.

        Raises:
            ExportError: if one cannot be finished. What was written before can be used.
        """
        if self._open is None:
            return
        video, journal = self._open
        if not complete and any(path.exists() for path in self.paths):
            self._make_way(video, journal)
        with ExitStack() as stack:
            stack.callback(journal.close)
            stack.callback(video.close, complete=complete)

    def _make_way(self, video: VideoWriter, journal: Journal) -> None:
        where, notes = self.paths
        stem = notes.name.removesuffix(NOTES_ENDING)
        ending = where.name.removeprefix(stem)
        free = free_stem(where.parent, stem, (ending, NOTES_ENDING))
        self.paths = where.with_name(f"{free}{ending}"), where.with_name(f"{free}{NOTES_ENDING}")
        video.move(self.paths[0])
        journal.move(self.paths[1])

    def _begin(self, inspection: Inspection) -> tuple[VideoWriter, Journal]:
        where, notes = self.paths
        video = VideoWriter(
            where,
            inspection.frame.size,
            self._source.get("rate") or 0,
            audio_from=None if self._sound is None else self._sound.path,
            audio_start=self._sound.start if self._sound else 0.0,
            hurry=self._hurry,
        )
        try:
            self._open = video, Journal(notes)
        except BaseException:
            video.close()
            raise
        return self._open
