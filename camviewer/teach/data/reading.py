"""Whatever a person names as the pictures to teach with."""

from __future__ import annotations

from pathlib import Path

from camviewer.teach.data import folders, tables
from camviewer.teach.data.dataset import Dataset, refuse_archives
from camviewer.teach.data.lesson import Lesson, is_lesson


def read(
    path: Path, *, root: Path | None = None, nothing: str | None = None, multi: bool | None = None
) -> Dataset:
    """A data set from a lesson, a folder of class folders, or a table.

    Args:
        path: the folder or the CSV or JSON file.
        root: of a table's pictures, see `tables.read_table`.
        nothing: the class that means "none of these", see `find_nothing`; a lesson knows it.
        multi: whether a table may give several labels to a picture; None to go by the table.

    Raises:
        CamviewerError: if it cannot be understood, or there is too little to teach with.
    """
    refuse_archives([path])
    if is_lesson(path):
        dataset = Lesson(path).dataset()
        dataset.check()
        return dataset
    if path.is_file():
        return tables.read_table(path, root, nothing=nothing, multi=multi)
    return folders.read_folder(path, nothing)
