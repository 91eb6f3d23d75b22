"""Many pictures, explained and exported one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from camviewer.errors import CancelledError, ExportError, PictureError
from camviewer.export.bundle import export
from camviewer.export.files import Stems
from camviewer.inspector import Inspector, Request
from camviewer.media.images import load
from camviewer.render import View


@dataclass
class Batch:
    """What became of a batch.

    Attributes:
        exported: pictures of which everything was written.
        unreadable: pictures that could not be read, with the reason.
        cancelled: whether it ended before the last picture.
    """

    exported: list[Path] = field(default_factory=list)
    unreadable: list[tuple[Path, str]] = field(default_factory=list)
    cancelled: bool = False


def export_all(
    inspector: Inspector,
    pictures: Sequence[Path],
    request: Request,
    view: View,
    folder: Path,
    what: Iterable[str],
    picture_format: str = "png",
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Batch:
    """Explain and export pictures; one that cannot be read does not stop the others.

    Args:
        inspector: the network; used by nobody else meanwhile.
        pictures: files.
        request: asked of every one.
        view: how all are shown.
        folder: where to; pictures of one name get numbers.
        what: parts, by name (see `export.bundle.Part`).
        picture_format: ``png``, ``jpg`` or ``jpeg``.
        progress: told how many pictures of how many are done.
        cancelled: asked before every picture; what is written stays.

    Raises:
        MethodError: if the request cannot be served by the network.
        ExportError: if a result cannot be written.
    """
    batch, stems, wanted = Batch(), Stems(), tuple(what)
    for number, path in enumerate(pictures):
        progress(number, len(pictures))
        if cancelled():
            batch.cancelled = True
            return batch
        stem = stems.take(str(path))
        try:
            inspection = inspector.inspect(load(path), request)
            export(inspection, view, folder, stem, wanted, picture_format)
        except PictureError as error:
            batch.unreadable.append((path, str(error)))
        except ExportError as error:
            raise ExportError(
                f"{error} {len(batch.exported)} of {len(pictures)} pictures were exported before."
            ) from error
        except CancelledError:
            batch.cancelled = True
            return batch
        else:
            batch.exported.append(path)
    progress(len(pictures), len(pictures))
    return batch
