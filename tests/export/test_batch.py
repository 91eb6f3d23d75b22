"""Many pictures: each as if it were exported alone, and none stops the others."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camviewer.errors import ExportError, MethodError
from camviewer.export.batch import export_all
from camviewer.inspector import Inspector, Request
from camviewer.media.images import load
from camviewer.render import View, overlay
from tests.test_inspector import classifier


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Two sound pictures of one name, and a broken one between them."""
    made = []
    for number, colour in enumerate(((255, 0, 0), None, (0, 0, 255))):
        folder = tmp_path / str(number)
        folder.mkdir()
        made.append(folder / "a.png")
        if colour:
            Image.new("RGB", (16, 12), colour).save(made[-1])
        else:
            made[-1].write_bytes(b"\x89PNG broken")
    return made


def test_every_picture_is_exported_as_if_alone(tmp_path: Path, pictures: list[Path]) -> None:
    out, request, view = tmp_path / "out", Request(top=2), View(opacity=0.3)
    told: list[tuple[int, int]] = []
    batch = export_all(
        Inspector(classifier(), "cpu"),
        pictures,
        request,
        view,
        out,
        {"overlay"},
        progress=lambda done, total: told.append((done, total)),
    )
    assert batch.exported == [pictures[0], pictures[2]]
    assert [path for path, _ in batch.unreadable] == [pictures[1]]
    assert not batch.cancelled
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert sorted(p.name for p in out.iterdir()) == ["a-3.overlay.png", "a.overlay.png"]
    for path, name in ((pictures[0], "a"), (pictures[2], "a-3")):
        alone = Inspector(classifier(), "cpu").inspect(load(path), request)
        with Image.open(out / f"{name}.overlay.png") as written:
            np.testing.assert_array_equal(np.asarray(written), overlay(alone, view))


def test_cancelling_keeps_what_is_written(tmp_path: Path, pictures: list[Path]) -> None:
    out = tmp_path / "out"
    batch = export_all(
        Inspector(classifier(), "cpu"),
        pictures,
        Request(),
        View(),
        out,
        {"json"},
        cancelled=lambda: (out / "a.json").exists(),
    )
    assert batch.cancelled
    assert batch.exported == [pictures[0]]
    assert [p.name for p in out.iterdir()] == ["a.json"]


def test_a_folder_that_cannot_be_written_ends_the_batch(
    tmp_path: Path, pictures: list[Path]
) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(ExportError, match="0 of 3 pictures were exported before"):
        export_all(
            Inspector(classifier(), "cpu"), pictures, Request(), View(), tmp_path / "out", {"json"}
        )


def test_a_request_that_cannot_be_served_ends_the_batch(
    tmp_path: Path, pictures: list[Path]
) -> None:
    with pytest.raises(MethodError, match="no class 9"):
        export_all(
            Inspector(classifier(), "cpu"),
            pictures,
            Request(targets=(9,)),
            View(),
            tmp_path / "out",
            {"json"},
        )
