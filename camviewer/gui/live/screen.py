"""What is on the canvas: the session's picture; or a source's, with or under their heatmaps."""

from __future__ import annotations

import time
from dataclasses import replace

import cv2
from PySide6.QtCore import QObject, Signal

from camviewer.gui.canvas import Canvas
from camviewer.gui.engine import Engine
from camviewer.gui.live.feed import Feed
from camviewer.gui.live.looking import Left, Looking, Orders, Preview, Previewing, Showing
from camviewer.gui.live.mailbox import Mailbox
from camviewer.gui.session import Session
from camviewer.gui.worker import Lane
from camviewer.live.loop import Result, Settings
from camviewer.types import Frame, Inspection


class Screen(QObject):
    """Has the pictures of a source looked at and composed, and shows them.

    Frame-locked, every picture is shown with its own heatmap, as soon as that is there. Smooth,
    pictures are shown as they come, under the newest heatmap, whose age is told; so they are also
    as long as there is no heatmap. At rest a result is handed to the engine like any picture.

    Signals:
        shown(Result): a result is on the canvas, or about to be laid under the pictures there.
        rested(): a picture is on the canvas that the engine explains, as that takes long.
        previewed(): a picture is on the canvas under an older heatmap, or under none.
        failed(object): the exception with which the newest picture could not be explained.

    Attributes:
        lanes: the threads; whoever owns this ends them.
    """

    shown = Signal(object)
    rested = Signal()
    previewed = Signal()
    failed = Signal(object)

    def __init__(self, engine: Engine, session: Session, canvas: Canvas, parent: QObject) -> None:
        super().__init__(parent)
        self._engine = engine
        self._session = session
        self._canvas = canvas
        self._feed: Feed | None = None
        self._newest: Result | None = None
        self._seen: Frame | None = None  # shown under an older heatmap, or under none
        self._at: Frame | None = None
        self._flowing = self._smooth = self._previewing = self._filmed = False
        self._looking = True
        self._since = float("-inf")
        self._settings = Settings()
        self._opencv_threads = cv2.getNumThreads()
        self._looker, self._previewer = Lane("live", self), Lane("preview", self)
        self.lanes = self._looker, self._previewer
        self._results = Mailbox[Showing](self)
        self._previews = Mailbox[Preview](self)
        self._orders = self._made_orders()
        self._results.on_arrival(self._take_result)
        self._previews.on_arrival(self._take_preview)
        for signal in (session.request_changed, session.rule_changed, session.view_changed):
            signal.connect(self._order)
        canvas.view_moved.connect(self._order)
        session.model_changed.connect(self._use_model)
        session.frame_changed.connect(self._show_frame)
        session.inspection_changed.connect(self._show_inspection)

    @property
    def newest(self) -> Result | None:
        """The result that was shown last; None before the first one of a source or a network."""
        return self._newest

    @property
    def at(self) -> Frame | None:
        """The picture that was shown last with a heatmap of its own, or at rest."""
        return self._at

    @property
    def in_sight(self) -> Frame | None:
        """The picture that is on the canvas, under whatever heatmap."""
        return self._seen or self._at

    @property
    def settings(self) -> Settings:
        """How results are steadied; its request is the session's."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings
        self._order()

    @property
    def filmed(self) -> bool:
        """Whether every picture is to have a result, however long that takes; may be set."""
        return self._filmed

    @filmed.setter
    def filmed(self, filmed: bool) -> None:
        self._filmed = filmed
        self._order()

    @property
    def smooth(self) -> bool:
        """Whether pictures are shown as they come, under an older heatmap; may be set."""
        return self._smooth

    @smooth.setter
    def smooth(self, smooth: bool) -> None:
        was, self._smooth = self._smooth, smooth
        self._suit_previews()
        newest = self._newest
        if was and not smooth and self._flowing and newest is not None:
            # what is in sight has the heatmap of an older picture
            self._seen = None
            self._canvas.show_live(newest.inspection.frame, newest.inspection, None)

    def watch(self, feed: Feed | None) -> None:
        """Show this source from now on, or none."""
        self._feed = feed
        self._newest = self._seen = self._at = None
        self._since = float("-inf")
        self._flowing = False
        self._share_cores()
        self._order()
        self._look()
        self._suit_previews()

    def set_flowing(self, *, flowing: bool) -> None:
        """Whether pictures keep coming; else what is on the canvas is a picture like any other."""
        if flowing == self._flowing:
            return
        self._flowing = flowing
        self._order()
        self._share_cores()
        self._engine.set_live(live=flowing)
        if not flowing and self._seen is not None:
            self._engine.show_frame(self._seen)
        self._seen = None
        self._suit_previews()

    def set_looking(self, *, looking: bool) -> None:
        """Whether pictures are explained and shown; they go by unseen while the canvas is hidden.

        The newest one is kept for when that ends.
        """
        if looking != self._looking:
            self._looking = looking
            self._share_cores()
            self._look()
            self._suit_previews()

    def forget_older(self) -> None:
        """Show nothing any more that was captured before now."""
        self._since = time.monotonic()

    def _show_frame(self, frame: Frame | None) -> None:
        """The session's picture is the canvas's, unless it is one of many."""
        if frame is None or not self._engine.live:
            self._canvas.set_frame(frame)

    def _show_inspection(self, inspection: Inspection | None) -> None:
        if self._engine.live:
            self._canvas.tell_hover()
        else:
            self._canvas.set_inspection(inspection)

    def _order(self) -> None:
        self._orders = self._made_orders()

    def _made_orders(self) -> Orders:
        request = self._session.request
        # refining boxes takes longer than looking: that is done to what rests
        quick = replace(request, rule=replace(request.rule, grabcut=False))
        settings = replace(self._settings, request=quick)
        at_rest = not self._flowing and not self._filmed
        return Orders(settings, self._session.view, self._canvas.viewport.copy(), at_rest)

    def _share_cores(self) -> None:
        """Leave the cores to the network while it needs them all.

        OpenCV's threads gain little on pictures of the screen's size, and wait busily for more.
        """
        model = self._engine.model
        busy = self._flowing and self._looking and (model is None or model.device == "cpu")
        cv2.setNumThreads(1 if busy else self._opencv_threads)

    def _use_model(self) -> None:
        self._newest = None
        self._share_cores()
        self._order()
        self._look()
        self._suit_previews()

    def _look(self) -> None:
        feed, model = self._feed, self._engine.model
        if feed is None or model is None or not self._looking:
            self._looker.cancel()
            if feed is not None:
                feed.notify(None)
            return
        looking = Looking(feed, model, lambda: self._orders, self._results)
        feed.notify(looking.notice)
        self._looker.submit(looking)

    def _suit_previews(self) -> None:
        feed = self._feed
        lacking = self._smooth or self._newest is None
        wanted = feed is not None and self._flowing and self._looking and lacking
        if feed is not None:
            feed.show_previews(shown=wanted)
        if wanted == self._previewing and feed is not None:
            return
        self._previewing = wanted
        if wanted and feed is not None:
            job = Previewing(feed, self._under, lambda: self._orders, self._previews)
            self._previewer.submit(job)
        else:
            self._previewer.cancel()

    def _under(self) -> Result | None:
        """The result whose heatmap is laid under later pictures; none that is of another time."""
        feed, newest = self._feed, self._newest
        if feed is None or newest is None or not feed.capture.fresh(newest.epoch):
            return None
        return newest if self._orders.answered_by(newest.settings) else None

    def _take_result(self) -> None:
        showing = self._results.take()
        if showing is None or showing.feed is not self._feed:
            return
        if showing.model is not self._engine.model:
            return
        result, left = showing.result, showing.left
        if left is not None:
            self._leave_to_engine(showing.feed, left)
        elif result is None:
            self._newest = None
            self._suit_previews()
            self.failed.emit(showing.error)
        elif self._suits(showing.feed, result):
            self._show(result, showing)

    def _leave_to_engine(self, feed: Feed, left: Left) -> None:
        """A picture at rest is one like any other: what takes long is shown as it gets finer."""
        if not self._flowing and feed.capture.fresh(left.epoch):
            self._at = left.frame
            self._engine.show_frame(left.frame)
            self.rested.emit()

    def _suits(self, feed: Feed, result: Result) -> bool:
        """Whether a result is of what is to be seen now, and answers what is asked now."""
        late = result.arrived < self._since and self._engine.frame is not None
        fresh = feed.capture.fresh(result.epoch) and not late
        return fresh and self._orders.answered_by(result.settings)

    def _show(self, result: Result, showing: Showing) -> None:
        self._newest = result
        inspection = result.inspection
        self._at = inspection.frame
        if self._flowing and not self._smooth:
            self._seen = None
            self._canvas.show_live(inspection.frame, inspection, showing.composed)
        self._engine.adopt(inspection, result.settings.request)
        if not self._smooth:
            self._suit_previews()
        self.shown.emit(result)

    def _take_preview(self) -> None:
        preview = self._previews.take()
        if preview is None or preview.feed is not self._feed or not self._previewing:
            return
        under, arrival = preview.under, preview.arrival
        outlived = under is not None and self._newest is None
        if outlived or not preview.feed.capture.fresh(arrival.epoch):
            return
        if under is None:
            self._engine.adopt_frame(arrival.frame)
        inspection, note = None, ""
        if under is not None:
            inspection = under.inspection
            note = _age(arrival.time - under.arrived) if inspection.explanations else ""
        self._canvas.show_live(arrival.frame, inspection, preview.composed, note)
        self._seen = arrival.frame
        self.previewed.emit()


def _age(seconds: float) -> str:
    return f"heatmap {max(round(seconds * 100) * 10, 0)} ms old"
