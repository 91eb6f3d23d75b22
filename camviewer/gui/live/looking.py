"""What is done to pictures off the GUI thread: one lane looks, another one shows what is newest."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from camviewer.cam.methods import METHODS
from camviewer.errors import CancelledError
from camviewer.gui.composing import Bare, Composed, compose, shrink
from camviewer.gui.interrupt import interruptible
from camviewer.gui.live.feed import Feed
from camviewer.gui.live.mailbox import Mailbox
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.viewport import Viewport
from camviewer.gui.worker import Ticket
from camviewer.inspector import ClipInspector, Request, Sharper
from camviewer.live.clips import ClipEye
from camviewer.live.loop import Loop, Result, Settings
from camviewer.live.slot import Arrival
from camviewer.render import View
from camviewer.types import Frame, Inspection

_TURN = 0.1  # seconds; so often a lane that waits for a picture asks whether it is still wanted
_FINEST = 1 / 70  # seconds; previews that follow each other faster are not seen


@dataclass(frozen=True)
class Orders:
    """What holds for the next picture; replaced as a whole, so that any thread may read it.

    Attributes:
        settings: what is asked of the network.
        view: how it is shown.
        viewport: where on the screen; nobody changes this copy.
        at_rest: pictures come one by one, and each is waited for.
    """

    settings: Settings
    view: View
    viewport: Viewport
    at_rest: bool = False

    def answered_by(self, settings: Settings) -> bool:
        """Whether a result is still what is asked for; boxes by another rule are."""
        mine = self.settings.request
        return replace(settings.request, rule=mine.rule) == mine


@dataclass(frozen=True, eq=False)
class Showing:
    """A result, or what went wrong, and how it is drawn; or a picture that takes long.

    Attributes:
        feed: the source.
        model: what looked.
        result: None when it failed, or is left to others.
        composed: ready to be drawn; None when nothing of it is in sight.
        error: why it failed.
        left: what others are to explain, who show how far they are.
    """

    feed: Feed
    model: ModelInfo
    result: Result | None = None
    composed: Composed | None = None
    error: BaseException | None = None
    left: Left | None = None


@dataclass(frozen=True, eq=False)
class Left:
    """A picture that was not explained here.

    Attributes:
        frame: the picture.
        epoch: see `Result.epoch`.
    """

    frame: Frame
    epoch: int


class _TakesLongError(Exception):
    """A picture at rest is asked about by a method that takes long."""


@dataclass(frozen=True, eq=False)
class Preview:
    """The newest picture under the newest heatmap, which is of an older one.

    Attributes:
        feed: the source.
        arrival: the picture.
        under: the result that the heatmap is from; None for none.
        composed: ready to be drawn; None when nothing of it is in sight.
    """

    feed: Feed
    arrival: Arrival
    under: Result | None
    composed: Composed | None


class Looking:
    """Looks at the newest picture of a source, over and over, with one network."""

    def __init__(
        self,
        feed: Feed,
        model: ModelInfo,
        orders: Callable[[], Orders],
        out: Mailbox[Showing],
    ) -> None:
        self._feed = feed
        self._model = model
        self._orders = orders
        self._out = out
        self._told = ""
        inspector = model.inspector
        self._clips = ClipEye(inspector) if isinstance(inspector, ClipInspector) else None

    @property
    def notice(self) -> Callable[[Arrival], None] | None:
        """Wants to see every picture of the source, unless None."""
        return None if self._clips is None else self._clips.notice

    def __call__(self, ticket: Ticket) -> None:
        """Go on until cancelled; results and failures go into the mailbox."""
        newest: Frame | None = None
        bare: Future[Bare | None] | None = None
        showing: Future[None] | None = None
        here = self._model.device == "cpu"

        def look(frame: Frame, request: Request) -> Inspection:
            nonlocal newest, bare
            newest = frame
            if self._orders().at_rest and self._takes_long(request):
                raise _TakesLongError
            bare = composer.submit(self._shrink, frame) if here else None
            return self._look(frame, request, ticket)

        loop = Loop(self._feed.slot, look, lambda: self._orders().settings)
        # a result is composed beside the next picture's preprocessing, which leaves a core idle
        with ThreadPoolExecutor(1, "compose") as composer:
            while not ticket.cancelled():
                try:
                    result = loop.step(_TURN)
                except CancelledError:
                    continue
                except _TakesLongError:
                    self._leave(newest, loop.epoch, showing)
                    continue
                except Exception as error:  # one picture may be odd, the next one is not
                    self._tell(error)
                    continue
                if showing is not None:
                    showing.result()  # nothing queues up
                if result is not None and not ticket.cancelled():
                    self._told = ""
                    showing = composer.submit(self._show, result, bare, ticket)

    def _leave(self, frame: Frame | None, epoch: int | None, showing: Future[None] | None) -> None:
        if showing is not None:
            showing.result()  # or it would be shown over this one
        if frame is not None and epoch is not None:
            self._out.put(Showing(self._feed, self._model, left=Left(frame, epoch)))

    def _shrink(self, frame: Frame) -> Bare | None:
        return shrink(frame, self._orders().viewport)

    def _show(self, result: Result, bare: Future[Bare | None] | None, ticket: Ticket) -> None:
        orders, inspection = self._orders(), result.inspection
        ready = None if bare is None else bare.result()  # done: it came before this
        composed = compose(inspection.frame, inspection, orders.view, orders.viewport, ready)
        if not ticket.cancelled():
            self._out.put(Showing(self._feed, self._model, result, composed))

    def _takes_long(self, request: Request) -> bool:
        """Whether a person wants to see how far it is; clips are looked at here all the same."""
        method = METHODS.get(request.method)
        slow = (method is not None and method.slow) or request.sharper != Sharper()
        return slow and self._clips is None

    def _tell(self, error: Exception) -> None:
        """Say what went wrong, once: the next picture will have the same trouble."""
        text = f"{type(error).__name__}: {error}"
        if text != self._told:
            self._told = text
            self._out.put(Showing(self._feed, self._model, error=error))

    def _look(self, frame: Frame, request: Request, ticket: Ticket) -> Inspection:
        def cancelled() -> bool:
            now = self._orders().settings.request
            return ticket.cancelled() or replace(request, rule=now.rule) != now

        def watch(_partial: Inspection, _done: float) -> None:
            if cancelled():
                raise CancelledError("Something else is asked by now.")

        with self._model.turn(cancelled) as inspector, interruptible(cancelled):
            if self._clips is not None:
                return self._clips(frame, request)
            return inspector.inspect(frame, request, watch)


class Previewing:
    """Shows every picture of a source as it comes, under the heatmap that is newest then."""

    def __init__(
        self,
        feed: Feed,
        newest: Callable[[], Result | None],
        orders: Callable[[], Orders],
        out: Mailbox[Preview],
    ) -> None:
        self._feed = feed
        self._newest = newest
        self._orders = orders
        self._out = out

    def __call__(self, ticket: Ticket) -> None:
        """Go on until cancelled; what is composed goes into the mailbox."""
        last = float("-inf")
        while not ticket.cancelled():
            arrival = self._feed.preview.take(_TURN)
            if arrival is None or arrival.time - last < _FINEST:
                continue
            last = arrival.time
            under, orders = self._newest(), self._orders()
            inspection = None if under is None else under.inspection
            composed = compose(arrival.frame, inspection, orders.view, orders.viewport)
            self._out.put(Preview(self._feed, arrival, under, composed))
