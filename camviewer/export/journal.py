"""Notes on the frames of a video: JSON lines, what holds for all first, then one a frame."""

from __future__ import annotations

from pathlib import Path

from camviewer.export.files import Growing, told
from camviewer.export.record import Record, record, to_json
from camviewer.types import BoxRule, Inspection

_OF_FRAMES = ("width", "height", "clip", "predictions", "explanations")
_OF_RULES = ("rule", "threshold", "min_area", "grabcut")


class Notes:
    """Turns inspections of one source into lines.

    A line whose ``kind`` is ``header`` says what holds for all frames that follow, and comes again
    when that changes, such as another class or network in a live view. All others are of kind
    ``frame``. Nothing in them depends on when or how fast they were made, but what is `extra`.
    """

    def __init__(self) -> None:
        self._header: Record = {}

    def lines(self, inspection: Inspection, about: Record, extra: Record) -> list[str]:
        """The lines of one frame.

        Args:
            inspection: of the frame; its boxes may be numbered.
            about: for the header: facts about the source, and what was asked.
            extra: for the frame, such as its age; may take the place of ``number`` and ``time``.

        Returns:
            ASCII JSON without line ends: a header if there is something new, and the frame.
        """
        entry = record(inspection)
        del entry["image"]
        frame = {key: entry.pop(key) for key in _OF_FRAMES if key in entry}
        for explanation in frame["explanations"]:
            for key in _OF_RULES:
                del explanation[key]
        made = []
        header = {"kind": "header", **about, **entry}
        if header != self._header:
            self._header = header
            made.append(to_json(header))
        place = {"number": inspection.frame.number, "time": round(inspection.frame.time, 6)}
        made.append(to_json({"kind": "frame", **place, **extra, **frame}))
        return made


class Journal:
    """Notes in a file. What was written is there even if the program is killed.

    Until it is closed it has ``.part`` in its name, see `export.files.Growing`.
    """

    def __init__(self, path: Path) -> None:
        """Make the file.

        Raises:
            ExportError: if that cannot be done.
        """
        self.path = path
        self._growing = Growing(path)
        self._notes = Notes()
        self._empty = True

    def add(self, inspection: Inspection, about: Record, extra: Record) -> None:
        """Write the lines of one frame, see `Notes.lines`.

        Raises:
            ExportError: if they cannot be written.
        """
        with told(self.path):
            for line in self._notes.lines(inspection, about, extra):
                self._growing.file.write(f"{line}\n".encode("ascii"))
            self._growing.file.flush()
        self._empty = False

    def move(self, path: Path) -> None:
        """Let it be elsewhere, in the same folder, once it is closed."""
        self.path = self._growing.path = path

    def close(self) -> None:
        """Finish the file; twice is fine. Without frames there is none.

        Raises:
            ExportError: if it cannot be completed.
        """
        if self._growing.file.closed:
            return
        if self._empty:
            self._growing.discard()
        else:
            self._growing.finish()


def rule_record(rule: BoxRule) -> Record:
    """How boxes were derived, as in `export.record`."""
    return {
        "rule": str(rule.rule),
        "threshold": rule.threshold,
        "min_area": rule.min_area,
        "grabcut": rule.grabcut,
    }
