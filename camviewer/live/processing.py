"""A whole video, explained frame by frame into an annotated one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camviewer.errors import CancelledError, ExportError, SourceRefusedError
from camviewer.inspector import Request
from camviewer.live.film import Film, about
from camviewer.live.loop import Look, Settings
from camviewer.live.steady import Steady
from camviewer.live.tracking import Tracker
from camviewer.media.source import SeekableSource
from camviewer.media.videos import VideoFile
from camviewer.render import View
from camviewer.types import Frame, Inspection

_AHEAD = 3  # frames that are decoded before they are needed, and that wait to be written

LookAlong = Callable[[Iterable[Frame], Request], Iterator[Inspection]]
"""Explains frames in their order, one inspection for each; it may read some frames ahead."""


@dataclass(frozen=True)
class Processed:
    """What became of a video.

    Attributes:
        paths: the annotated video, and the notes on its frames; empty if nothing was written.
        frames: how many were written.
        total: how many there are, as far as is known.
        cancelled: whether it ended before the last frame.
        note: what the user should know, such as why it ends early or is silent; empty if nothing.
    """

    paths: tuple[Path, ...]
    frames: int
    total: int
    cancelled: bool = False
    note: str = ""


def one_by_one(look: Look) -> LookAlong:
    """Explain frames each by itself."""

    def along(frames: Iterable[Frame], request: Request) -> Iterator[Inspection]:
        return (look(frame, request) for frame in frames)

    return along


def process(
    source: SeekableSource,
    look: LookAlong,
    settings: Settings,
    view: View,
    out: Path | None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
    each: Callable[[Inspection], None] = lambda _inspection: None,
) -> Processed:
    """Explain every frame, in order, into an annotated video with the sound of the first one.

    Decoding, inference and encoding run side by side, with a few frames between them. However it
    ends, what was written can be played.

    Args:
        source: a closed one, used by nobody else; it is opened and closed here.
        look: explains the frames; called on the calling thread.
        settings: what is asked of all of them.
        view: how all are shown.
        out: the annotated video; the notes are written beside it (see `film.notes_beside`).
            Existing files are replaced. With None nothing is written; see `each`.
        progress: told how many frames of how many (0: unknown) are done.
        cancelled: asked before every frame.
        each: is given every inspection, on the calling thread.

    Raises:
        SourceError: if the video cannot be read.
        MethodError: if the request cannot be served by the network.
        ExportError: if the results cannot be written.
    """
    file = source if isinstance(source, VideoFile) else None
    if file is not None and out is not None and _same_file(file.path, out):
        raise ExportError(f"{out} is the video itself. Choose another name.")
    with ThreadPoolExecutor(1, "decode") as decoder, ThreadPoolExecutor(1, "encode") as encoder:
        try:
            known = decoder.submit(_opened, source).result()
            total = known["frames"] or 0
            film = None if out is None else Film(out, known, sound=file)
            making = _Making(film, settings, view, encoder)
            complete = False
            try:
                with suppress(CancelledError):
                    for inspection in look(_decoded(source, decoder), settings.request):
                        each(making.take(inspection))
                        progress(making.taken, max(total, making.taken))
                        if cancelled():
                            break
                    else:
                        complete = True
            finally:
                making.close(complete=complete)
            return _processed(source, film, making.taken, total, complete=complete)
        finally:
            decoder.submit(source.close)


class _Making:
    """Steadies, tracks and hands over to the thread that draws and encodes."""

    def __init__(
        self, film: Film | None, settings: Settings, view: View, encoder: ThreadPoolExecutor
    ) -> None:
        self.taken = 0
        self._film = film
        self._settings = settings
        self._view = view
        self._encoder = encoder
        self._steady = Steady(settings.hold, settings.smoothing)
        self._tracker = Tracker()
        self._waiting: deque[Future[None]] = deque()

    def take(self, inspection: Inspection) -> Inspection:
        """The inspection as it is written; waits while too many are not written yet."""
        inspection = self._steady(inspection, inspection.frame.time)
        if self._settings.track:
            inspection = self._tracker(inspection)
        if self._film is not None:
            if len(self._waiting) == _AHEAD:
                self._waiting.popleft().result()
            add = self._film.add
            self._waiting.append(self._encoder.submit(add, inspection, self._view, self._settings))
        self.taken += 1
        return inspection

    def close(self, *, complete: bool) -> None:
        """Write what waits, and finish the files."""
        if self._film is None:
            return
        try:
            for written in self._waiting:
                written.result()
        finally:
            self._encoder.submit(self._film.close, complete=complete).result()


def _opened(source: SeekableSource) -> dict[str, Any]:
    source.open()
    return about(source)


def _decoded(source: SeekableSource, decoder: ThreadPoolExecutor) -> Iterator[Frame]:
    """The frames, in order, some of them decoded ahead."""
    ahead = deque(decoder.submit(source.read) for _ in range(_AHEAD))
    while (frame := ahead.popleft().result()) is not None:
        ahead.append(decoder.submit(source.read))
        yield frame


def _processed(
    source: SeekableSource, film: Film | None, frames: int, total: int, *, complete: bool
) -> Processed:
    if complete and not frames:
        raise SourceRefusedError(f"{source.name} holds no pictures. Is it a video?")
    complaint = source.complaint if isinstance(source, VideoFile) else ""
    said = "" if film is None else film.note
    return Processed(
        paths=film.paths if film is not None and frames else (),
        frames=frames,
        total=frames if complete else max(total, frames),
        cancelled=not complete,
        note=" ".join(note for note in (complaint, said) if note),
    )


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there
        return False
