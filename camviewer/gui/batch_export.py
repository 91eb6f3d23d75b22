"""Exports all open pictures in the background, with progress and cancel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from camviewer.errors import CancelledError
from camviewer.export.batch import Batch, export_all
from camviewer.gui.crash import message_for
from camviewer.gui.interrupt import interruptible
from camviewer.gui.message_bar import Kind, MessageBar
from camviewer.gui.settings import ExportChoices
from camviewer.gui.worker import Lane, Ticket
from camviewer.inspector import Request, inspector_for
from camviewer.models.classifier import Classifier
from camviewer.render import View

_NAMED = 3


class BatchExport(QObject):
    """Runs on a thread of its own, with an inspector of its own: the window stays in use.

    Signals:
        ended(Batch): all pictures are done.

    Attributes:
        lane: the thread; whoever owns this ends it.
    """

    ended = Signal(object)

    def __init__(
        self,
        messages: MessageBar,
        show_folder: Callable[[Path], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._messages = messages
        self._show_folder = show_folder
        self._folder = Path()
        self.lane = Lane("batch", self)
        self.lane.progress.connect(self._tell_progress)
        self.lane.done.connect(self._tell_end)
        self.lane.failed.connect(self._tell_failure)

    @property
    def busy(self) -> bool:
        """Whether pictures are being exported."""
        return self.lane.busy

    def start(
        self,
        classifier: Classifier,
        device: str,
        runtime: str,
        pictures: Sequence[Path],
        request: Request,
        view: View,
        choices: ExportChoices,
        folder: Path,
    ) -> None:
        """Export; a batch that is still running is given up."""
        self._folder = folder

        def job(ticket: Ticket) -> Batch:
            with interruptible(ticket.cancelled):
                return export_all(
                    inspector_for(classifier, device, runtime),
                    pictures,
                    request,
                    view,
                    folder,
                    choices.parts,
                    choices.picture_format,
                    ticket.progress,
                    ticket.cancelled,
                )

        self.lane.submit(job)
        self._tell_progress(0, len(pictures))

    def cancel(self) -> None:
        """Stop; what is written stays."""
        if self.lane.busy:
            self.lane.cancel()
            self._messages.show_message(
                f"Export cancelled. What was exported before is in {self._folder}."
            )

    def _tell_progress(self, done: int, total: int) -> None:
        self._messages.show_message(
            f"Exporting picture {min(done + 1, total)} of {total} to {self._folder}.",
            Kind.INFO,
            "Cancel",
            self.cancel,
        )

    def _tell_end(self, batch: Batch) -> None:
        folder, total = self._folder, len(batch.exported) + len(batch.unreadable)
        text = f"Exported {len(batch.exported)} of {total} pictures to {folder}."
        if batch.unreadable:
            names = ", ".join(path.name for path, _ in batch.unreadable[:_NAMED])
            more = len(batch.unreadable) - _NAMED
            rest = f" and {more} more" if more > 0 else ""
            text += f" These could not be read: {names}{rest}."
        kind = Kind.ERROR if batch.unreadable else Kind.GOOD
        self._messages.show_message(text, kind, "Show Folder", lambda: self._show_folder(folder))
        self.ended.emit(batch)

    def _tell_failure(self, error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            self._messages.show_message(message_for(error), Kind.ERROR)
