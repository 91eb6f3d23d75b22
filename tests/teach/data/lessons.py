"""A small lesson to work on."""

from pathlib import Path

import numpy as np
import pytest

from camviewer.teach.data.lesson import Lesson
from camviewer.types import Frame
from tests.teach.data.drawn import save


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    """Two classes with two pictures each and an empty one."""
    found = Lesson(tmp_path / "lesson")
    for name in ("cup", "none", "pen"):
        found.add_class(name)
    for name in ("cup", "none"):
        files = [save(tmp_path / "album" / f"{name} {i}.png") for i in range(2)]
        assert found.add_pictures(name, files) == 2
    return found


SMALL = Frame(np.zeros((2, 2, 3), np.uint8), "test")


def pictures(lesson: Lesson) -> dict[str, list[str]]:
    return {c.name: [p.name for p in c.pictures] for c in lesson.classes}


def same_on_disk(lesson: Lesson) -> bool:
    again = Lesson(lesson.folder)
    return again.classes == lesson.classes and again.nothing == lesson.nothing
