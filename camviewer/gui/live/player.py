"""What is being watched: a camera, a video, a stream, a part of the screen.

A source either *flows*, and its newest picture is on the canvas with the heatmap that was computed
from it, or it *rests*: frozen, at its end, or lost. What is shown then is a picture like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from camviewer.errors import SourceError
from camviewer.gui.canvas import Canvas
from camviewer.gui.engine import Engine
from camviewer.gui.jobs import Jobs
from camviewer.gui.live.changeover import Changeover
from camviewer.gui.live.feed import Feed
from camviewer.gui.live.filming import Filming, still_name
from camviewer.gui.live.manner import Manner
from camviewer.gui.live.screen import Screen
from camviewer.gui.live.seeking import Seeking
from camviewer.gui.session import Session
from camviewer.gui.throttle import Throttle
from camviewer.gui.worker import Lane
from camviewer.live.condition import Condition, Status
from camviewer.live.loop import Result
from camviewer.live.rates import Figures, Rates
from camviewer.live.slot import Arrival
from camviewer.media.cameras import CameraInfo, CameraMode, open_camera
from camviewer.media.source import Source
from camviewer.media.videos import VideoFile
from camviewer.types import Frame

_LOOKS_MS = 250  # nobody tells that a source has stalled
_POSITION_MS = 66
_TROUBLE = (Condition.LOST, Condition.REFUSED, Condition.STALLED)


class Player(Manner):
    """Watches one source at a time.

    Nothing of a source runs on the GUI thread, and nothing here waits for one.

    Signals:
        started(str): a source is there, by its name; nothing of it may have been seen yet.
        stopped(): there is none any more; its last picture stays.
        status_changed(Status): how it is doing.
        shown(Result): every result, when the canvas has it.
        figures_changed(Figures): four times a second.
        position_changed(int, float): number and seconds of what is shown; 15 times a second.
        frozen_changed(bool): whether it is frozen.
        recording_changed(bool, Path | None): whether it is recorded; at the end the video, if any.
        settings_changed(): see `Manner`.
        told(str): what a person should know.
    """

    started = Signal(str)
    stopped = Signal()
    status_changed = Signal(object)
    shown = Signal(object)
    figures_changed = Signal(object)
    position_changed = Signal(int, float)
    frozen_changed = Signal(bool)
    recording_changed = Signal(bool, object)
    told = Signal(str)
    _status_told = Signal(object, object)  # Feed, Status; from any thread

    def __init__(
        self,
        engine: Engine,
        session: Session,
        canvas: Canvas,
        jobs: Jobs,
        parent: QObject,
        *,
        snap: Callable[[str], None],
        folder: Callable[[Path | None], Path],
    ) -> None:
        """Watch nothing.

        Args:
            engine: is handed what is shown.
            session: what is asked, and how it is shown.
            canvas: where it is shown.
            jobs: opens files to record into.
            parent: Qt's.
            snap: exports what is on the canvas, under a name.
            folder: where recordings go; is given the folder of the source, if it has one.
        """
        super().__init__(Screen(engine, session, canvas, parent), parent)
        self._engine = engine
        self._session = session
        self._snap = snap
        self._mode: CameraMode | None = None
        self._status = Status(Condition.CLOSED)
        self._frozen = False
        self._observer: Callable[[Arrival, bool], None] | None = None
        self._handed: Frame | None = None
        self._figures = Figures()
        self._rates = Rates()
        self._seeking = Seeking(self)
        self._changeover = Changeover(self)
        self._filming = Filming(jobs, folder, self)
        self._moved = Throttle(_POSITION_MS, self)
        self._looks = QTimer(self)
        self._looks.setInterval(_LOOKS_MS)
        self._connect()

    def _connect(self) -> None:
        self._status_told.connect(self._take_status, Qt.ConnectionType.QueuedConnection)
        self._looks.timeout.connect(self._look)
        self._moved.due.connect(self._tell_position)
        self._screen.shown.connect(self._note)
        self._screen.rested.connect(self._note_rest)
        self._screen.previewed.connect(self._moved.note)
        self._screen.failed.connect(self._engine.fail)
        self._filming.changed.connect(self._show_recording)
        self._filming.told.connect(self.told)
        self._session.request_changed.connect(self._seeking.repeat)

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The threads; whoever owns this ends them."""
        return self._screen.lanes

    @property
    def source(self) -> Source | None:
        """What is being watched; its calls that may block are not for the GUI thread."""
        return None if self._feed is None else self._feed.source

    @property
    def source_name(self) -> str:
        """For people; empty without a source."""
        return "" if self._feed is None else self._feed.source.name

    @property
    def camera(self) -> CameraInfo | None:
        """Which camera that is, if it is one."""
        return None if self._feed is None else self._feed.camera

    @property
    def mode(self) -> CameraMode | None:
        """What the camera was asked for; None for what suits most."""
        return self._mode

    @property
    def status(self) -> Status:
        """How the source is doing."""
        return self._status

    @property
    def running(self) -> bool:
        """Whether there is a source that is not frozen."""
        return self._feed is not None and not self._frozen

    @property
    def frozen(self) -> bool:
        """Whether what is shown stays until it is told to go on."""
        return self._frozen

    @property
    def recording(self) -> bool:
        """Whether what is shown is recorded."""
        return self._filming.on

    @property
    def position(self) -> int:
        """The number of the picture shown; 0 before the first."""
        return 0 if self._at is None else self._at.number

    @property
    def waiting(self) -> int:
        """How many pictures wait to be looked at: none or one."""
        return 0 if self._feed is None else self._feed.slot.waiting

    @property
    def figures(self) -> Figures:
        """How fast and how fresh it is."""
        return self._figures

    def start(self, source: Source, camera: CameraInfo | None = None) -> None:
        """Watch a source instead of whatever is open."""
        self._leave()
        self._handed = None
        self._session.clear()
        feed = self._feed = Feed(source, camera, self._status_told.emit)
        feed.mirror(mirrored=self._mirror)
        feed.observe(self._observer)
        feed.capture.looping = self._looping
        self._status = feed.capture.status
        self._rates.reset()
        self._seeking.watch(feed)
        self._screen.watch(feed)
        self._flow()
        self._looks.start()
        self.started.emit(source.name)
        self.status_changed.emit(self._status)
        self._changeover.open(feed)

    def start_camera(self, info: CameraInfo, mode: CameraMode | None = None) -> None:
        """Watch a camera instead of whatever is open."""
        try:
            source = open_camera(info, mode)
        except SourceError as error:
            self.told.emit(str(error))
            return
        self._mode = mode
        self.start(source, info)

    def stop(self) -> None:
        """Watch nothing any more; the last picture stays."""
        if self._feed is None:
            return
        self._leave()
        self._screen.watch(None)
        self._engine.set_live(live=False)
        self._status = Status(Condition.CLOSED)
        self.status_changed.emit(self._status)
        self.stopped.emit()

    def hand_over(self, observer: Callable[[Arrival, bool], None] | None) -> None:
        """Let somebody have all pictures while nobody looks at the canvas; None ends that.

        What is watched goes on; it is neither explained nor shown meanwhile.

        Args:
            observer: is given each picture of this and of later sources, and whether it is
                mirrored, on any thread; see `Feed.observe`.
        """
        self._handed = None
        self._observer = None if observer is None else partial(self._hand, observer)
        if self._feed is not None:
            self._feed.observe(self._observer)
        self._screen.set_looking(looking=observer is None)

    def retry(self) -> None:
        """Open a source again that is lost, was refused or does not answer."""
        if self._feed is not None:
            self._feed.capture.retry_now()

    def set_frozen(self, frozen: bool) -> None:
        """Keep what is shown, or go on; a file goes on from where it was."""
        if self._feed is None or frozen == self._frozen:
            return
        self._frozen = frozen
        self._screen.forget_older()
        self._feed.capture.paused = frozen
        self._take_status(self._feed, self._feed.capture.status)
        self._flow()
        self.frozen_changed.emit(frozen)

    def step(self, by: int) -> None:
        """Freeze a file, and show the picture so many after the one shown, or before."""
        if self.seekable:
            self.set_frozen(True)
            aim = self._seeking.aim
            self.seek((self.position if aim is None else aim) + by)

    def seek(self, number: int) -> None:
        """Show this picture of a file; it goes on from there unless frozen."""
        if self.seekable:
            self._engine.interrupt()
            self._seeking.seek(number)

    def snapshot(self) -> None:
        """Export what is shown, like a still, under a name of its own."""
        if self._feed is None or self._screen.at is None or self._engine.inspection is None:
            self.told.emit("There is nothing to save yet: no picture was explained.")
        else:
            self._snap(still_name(self._feed.source, self._screen.at))

    def record(self, on: bool) -> None:
        """Record what is shown from now on, or finish that."""
        if not on:
            self._filming.end()
        elif self._feed is not None:
            self._filming.begin(self._feed.source)

    def shutdown(self) -> None:
        """Let go of everything; waits a little for sources to let go, and for none that hangs.

        The threads of `lanes` are ended by whoever calls this.
        """
        self._leave()
        self._moved.forget()
        self._changeover.shutdown()

    def _leave(self) -> None:
        feed, self._feed = self._feed, None
        if feed is None:
            return
        self._filming.end()
        self._looks.stop()
        self._seeking.watch(None)
        self._screen.watch(None)
        self._changeover.close(feed)
        if self._frozen:
            self._frozen = False
            self.frozen_changed.emit(self._frozen)

    @property
    def _at(self) -> Frame | None:
        """Where the source is: what is shown, or what somebody else was given."""
        return self._screen.in_sight if self._observer is None else self._handed

    def _hand(
        self, observer: Callable[[Arrival, bool], None], arrival: Arrival, mirrored: bool
    ) -> None:
        """On any thread."""
        self._handed = arrival.frame
        observer(arrival, mirrored)

    def _look(self) -> None:
        feed = self._feed
        if feed is not None:
            if self._observer is not None:
                self._note_rest()  # nothing else tells of what is not shown here
            self._take_status(feed, feed.capture.status)
            self._figures = self._rates.figures(feed.capture.rate, feed.slot.dropped)
            self.figures_changed.emit(self._figures)

    def _take_status(self, feed: Feed, status: Status) -> None:
        if feed is not self._feed or status == self._status:
            return
        before, self._status = self._status.condition, status
        if status.condition in _TROUBLE:
            self._seeking.forget()
        self._flow()
        self.status_changed.emit(status)
        complaint = feed.source.complaint if isinstance(feed.source, VideoFile) else ""
        if status.condition is Condition.ENDED and complaint:
            self.told.emit(complaint)
        if before is Condition.OPENING:
            self.settings_changed.emit()

    def _flow(self) -> None:
        """Let it flow or rest."""
        condition = self._status.condition
        opening = condition is Condition.OPENING and self._engine.frame is None
        flows = condition is Condition.RUNNING or opening
        self._screen.set_flowing(flowing=self._feed is not None and flows and not self._frozen)

    def _show_recording(self, on: bool, video: Path | None) -> None:
        self._screen.filmed = on
        self.recording_changed.emit(on, video)

    def _note(self, result: Result) -> None:
        feed = self._feed
        if feed is None:
            return
        self._rates.shown(result)
        self._seeking.forget()
        self._filming.add(result, self._session.view)
        self._take_status(feed, feed.capture.status)
        self._moved.note()
        self.shown.emit(result)

    def _note_rest(self) -> None:
        self._seeking.forget()
        self._moved.note()

    def _tell_position(self) -> None:
        frame = self._at
        if frame is not None:
            self.position_changed.emit(frame.number, frame.time)
