"""``camviewer explain`` of videos: every frame, into an annotated video and a line of notes."""

from __future__ import annotations

import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tqdm import tqdm

from camviewer.errors import CancelledError
from camviewer.export.journal import Notes
from camviewer.inspector import Inspector, Request, along
from camviewer.live.film import VIDEO_ENDING, about, asked
from camviewer.live.loop import Settings
from camviewer.live.processing import Processed, process
from camviewer.media.videos import VideoFile
from camviewer.render import View
from camviewer.types import Frame, Inspection

_NAMED = 5  # classes in the line about a video


@dataclass(frozen=True)
class VideoJob:
    """What is done with every video of a command line.

    Attributes:
        inspector: the network.
        settings: what is asked of every frame.
        view: how it is shown.
        out: where to write; None to print only.
        json: print the notes instead of a line for a person.
    """

    inspector: Inspector
    settings: Settings
    view: View
    out: Path | None
    json: bool

    def run(self, path: Path, stem: str) -> tuple[Processed, str]:
        """Explain one video, with progress for whoever watches, until done or interrupted.

        Args:
            path: the video.
            stem: how the names of its results begin.

        Returns:
            What became of it, and what a person is told about it.

        Raises:
            CamviewerError: if it cannot be read, explained or written; what was written before can
                be played.
        """
        source, talk = VideoFile(path), _Talk()
        notes, what_is_asked = Notes(), asked(self.settings)

        def each(inspection: Inspection) -> None:
            talk.count(inspection)
            if self.json:
                lines = notes.lines(inspection, {**about(source), **what_is_asked}, {})
                print("\n".join(lines), flush=True)

        def show(done: int, total: int) -> None:
            bar.total = total or None
            bar.update(done - bar.n)

        out = None if self.out is None else self.out / f"{stem}{VIDEO_ENDING}"
        hidden = True if self.json else None
        with (
            _interrupts() as interrupted,
            tqdm(
                desc=source.name, unit="frame", disable=hidden, leave=False, file=sys.stderr
            ) as bar,
        ):
            look = partial(_along, self.inspector, interrupted)
            done = process(
                source, look, self.settings, self.view, out, show, interrupted.is_set, each
            )
        return done, talk.told(path, done)


class _Talk:
    """What a person is told about a video: which classes it shows, and for how long."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def count(self, inspection: Inspection) -> None:
        # in their order, which decides between classes that are seen as often
        self._seen.update(dict.fromkeys((e.heatmap.label for e in inspection.explanations), 1))

    def told(self, path: Path, done: Processed) -> str:
        if done.cancelled:
            return f"{path}: interrupted; {_what_there_is(done)}"
        found = [f"{label} in {count}" for label, count in self._seen.most_common(_NAMED)]
        return f"{path}: " + "; ".join([_frames(done.frames), *(found or ["nothing found"])])


def _what_there_is(done: Processed) -> str:
    if not done.paths:
        return "nothing was written of it."
    of = f" of {done.total}" if done.total > done.frames else ""
    first = f"the first {_frames(done.frames)}{of}" if done.frames > 1 else f"the first frame{of}"
    return f"{' and '.join(map(str, done.paths))} hold {first}."


def _frames(count: int) -> str:
    return f"{count} frame" if count == 1 else f"{count} frames"


def _along(
    inspector: Inspector, interrupted: threading.Event, frames: Iterable[Frame], request: Request
) -> Iterator[Inspection]:
    def watch(_inspection: Inspection, _share: float) -> None:
        if interrupted.is_set():
            raise CancelledError("Interrupted.")

    return along(inspector, frames, request, watch)


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Ctrl-C sets this, so that files can be finished; the second one ends everything at once."""
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted  # only the main thread hears of it
        return
    before = signal.getsignal(signal.SIGINT) or signal.default_int_handler

    def note(_number: int, _frame: object) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
