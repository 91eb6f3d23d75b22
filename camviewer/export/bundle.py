"""Everything wanted of one inspection, side by side in one folder."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from camviewer.export.files import make_folder, safe_name
from camviewer.export.pictures import save_heatmap, save_map, save_overlay
from camviewer.export.record import save_record
from camviewer.inspector.asking import NO_CLASS
from camviewer.render import View
from camviewer.types import Inspection


class Part(StrEnum):
    """What can be exported, and what the files are called."""

    OVERLAY = "overlay"  # STEM.overlay.png
    HEATMAP = "heatmap"  # STEM.CLASSINDEX.heatmap.png; STEM.like.heatmap.png without a class
    MAP = "map"  # STEM.CLASSINDEX.npy, STEM.like.npy
    JSON = "json"  # STEM.json


def export(
    inspection: Inspection,
    view: View,
    folder: Path,
    stem: str,
    what: Iterable[str],
    picture_format: str = "png",
) -> list[Path]:
    """Write files into a folder, which is made if it is not there; existing ones are replaced.

    Args:
        inspection: what is exported.
        view: how it is shown.
        folder: where to.
        stem: how the file names begin; made safe first.
        what: parts, by name.
        picture_format: ``png``, ``jpg`` or ``jpeg``.

    Returns:
        The files, in the order they were written.

    Raises:
        ExportError: if one cannot be written; those before it are there.
        ValueError: if there is no such part.
    """
    wanted = {Part(part) for part in what}
    make_folder(folder)
    stem = safe_name(stem)
    written: list[Path] = []
    if Part.OVERLAY in wanted:
        written.append(folder / f"{stem}.overlay.{picture_format}")
        save_overlay(inspection, view, written[-1])
    for explanation in inspection.explanations:
        target = explanation.heatmap.target
        name = f"{stem}.{target if target != NO_CLASS else 'like'}"
        if Part.HEATMAP in wanted:
            written.append(folder / f"{name}.heatmap.{picture_format}")
            save_heatmap(explanation, view.colormap, written[-1])
        if Part.MAP in wanted:
            written.append(folder / f"{name}.npy")
            save_map(explanation, written[-1])
    if Part.JSON in wanted:
        written.append(folder / f"{stem}.json")
        save_record(inspection, written[-1])
    return written
