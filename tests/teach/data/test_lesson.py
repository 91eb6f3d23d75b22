"""Lessons: every change on disk at once, whatever happens then; and nothing done that was not."""

from pathlib import Path

import numpy as np
import pytest

from camviewer.errors import CamviewerError
from camviewer.media import images
from camviewer.teach.data import lesson_file
from camviewer.teach.data.dataset import Example
from camviewer.teach.data.frames import new_sequence, sequence_of
from camviewer.teach.data.lesson import Lesson
from camviewer.teach.data.reading import read
from tests.teach.data.drawn import frame, save
from tests.teach.data.lessons import lesson, pictures, same_on_disk

__all__ = ["lesson"]


def test_what_is_kept_comes_back(lesson: Lesson, tmp_path: Path) -> None:
    assert pictures(lesson) == {
        "cup": ["cup 0.png", "cup 1.png"],
        "none": ["none 0.png", "none 1.png"],
        "pen": [],
    }
    assert lesson.nothing == "none"
    assert same_on_disk(lesson)
    dataset = lesson.dataset()
    assert dataset.counts() == {"cup": 2, "none": 2, "pen": 0}
    assert dataset.nothing == "none"
    assert dataset.examples[0] == Example(tmp_path / "album" / "cup 0.png", ("cup",))


def test_frames_are_recorded_as_pictures(lesson: Lesson) -> None:
    first, second = new_sequence(), new_sequence()
    assert first != second
    recorded = [lesson.add_frame("pen", frame(i), first) for i in range(11)]
    recorded.append(lesson.add_frame("pen", frame(20), second))
    recorded.append(lesson.add_frame("cup", frame(21), first))
    assert [p.parent.name for p in recorded] == ["pen"] * 12 + ["cup"]
    assert [sequence_of(p) for p in recorded] == [first] * 11 + [second, first]
    assert len({p.name for p in recorded}) == 13
    loaded = images.load(recorded[3]).pixels.astype(int)
    assert np.abs(loaded - frame(3).pixels).mean() < 3
    assert same_on_disk(lesson)
    assert Lesson(lesson.folder).classes[2].recorded[:11] == tuple(recorded[:11])
    dataset = lesson.dataset()
    assert dataset.counts() == {"cup": 3, "none": 2, "pen": 12}
    assert [dataset.examples[i].sequence for i in dataset.of("cup")] == ["", "", first]
    # what comes after a restart does not replace what is there
    more = Lesson(lesson.folder).add_frame("pen", frame(30), first)
    assert more not in recorded


def test_a_recording_needs_a_proper_name(lesson: Lesson) -> None:
    for name in ("", "../x", "a b", "x" * 61):
        with pytest.raises(ValueError, match="no name of a recording"):
            lesson.add_frame("cup", frame(), name)
    with pytest.raises(CamviewerError, match="no class dog"):
        lesson.add_frame("dog", frame(), "a")
    assert not (lesson.folder / "cup").exists()


@pytest.mark.parametrize(
    ("name", "subfolder"),
    [
        ("Straße 7", "Straße 7"),
        ("a/b: c?", "a_b_ c_"),
        ("..", "__"),
        ("NUL", "class"),
        ("-", "class"),
        ("x" * 100, "x" * 60),
        ("album", "album 2"),
        ("Film", "Film 2"),
    ],
)
def test_subfolders_have_names_that_every_system_takes(
    tmp_path: Path, name: str, subfolder: str
) -> None:
    lesson = Lesson(tmp_path)
    (tmp_path / "album").mkdir()
    (tmp_path / "Film").write_text("a file")
    lesson.add_class(name)
    assert lesson.add_frame(name, frame(), "a").parent == tmp_path / subfolder
    assert same_on_disk(lesson)


def test_classes_alike_in_their_letters_have_subfolders_of_their_own(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    for name in ("a?", "a!", "A_"):
        lesson.add_class(name)
        lesson.add_frame(name, frame(), "s")
    assert [c.subfolder for c in lesson.classes] == ["a_", "a_ 2", "A_ 3"]
    assert same_on_disk(lesson)


def test_classes_are_renamed_and_removed(lesson: Lesson, tmp_path: Path) -> None:
    path = lesson.add_frame("none", frame(), "a")
    assert lesson.rename_class("none", " empty  desk ") == "empty desk"
    assert lesson.nothing == "empty desk"
    assert [c.name for c in lesson.classes] == ["cup", "empty desk", "pen"]
    assert lesson.rename_class("cup", "CUP") == "CUP"
    assert same_on_disk(lesson)
    lesson.remove_class("empty desk")
    assert lesson.nothing is None
    assert not path.exists()
    assert not path.parent.exists()
    assert (tmp_path / "album" / "none 0.png").exists()
    assert [c.name for c in lesson.classes] == ["CUP", "pen"]
    assert same_on_disk(lesson)
    for attempt in (
        lambda: lesson.add_class("Pen"),
        lambda: lesson.rename_class("pen", "cup"),
        lambda: lesson.rename_class("gone", "new"),
        lambda: lesson.remove_class("gone"),
        lambda: lesson.set_nothing("gone"),
        lambda: lesson.add_class(" "),
    ):
        with pytest.raises(CamviewerError, match=r"There is (no|a) class|no name"):
            attempt()
    assert [c.name for c in lesson.classes] == ["CUP", "pen"]


def test_what_means_nothing_can_be_said(lesson: Lesson) -> None:
    lesson.set_nothing("cup")
    assert lesson.dataset().nothing == "cup"
    lesson.set_nothing(None)
    assert lesson.add_class("background") == "background"
    assert lesson.nothing == "background"
    lesson.add_class("nothing")
    assert lesson.nothing == "background"
    assert same_on_disk(lesson)


def test_pictures_move_from_class_to_class(lesson: Lesson, tmp_path: Path) -> None:
    taken = [lesson.add_frame("cup", frame(i), "a") for i in range(3)]
    cup = tmp_path / "album" / "cup 0.png"
    lesson.move([cup, taken[1], tmp_path / "unknown.png"], "pen")
    assert pictures(lesson) == {
        "cup": ["cup 1.png", taken[0].name, taken[2].name],
        "none": ["none 0.png", "none 1.png"],
        "pen": ["cup 0.png", taken[1].name],
    }
    moved = lesson.classes[2].recorded[0]
    assert moved.parent.name == "pen"
    assert moved.exists()
    assert not taken[1].exists()
    assert cup.exists()
    assert same_on_disk(lesson)
    lesson.move([moved], "cup")
    assert set(lesson.classes[0].recorded) == set(taken)
    assert same_on_disk(lesson)
    with pytest.raises(CamviewerError, match="no class dog"):
        lesson.move([cup], "dog")


def test_adding_a_picture_of_another_class_moves_it(lesson: Lesson, tmp_path: Path) -> None:
    album = tmp_path / "album"
    path = lesson.add_frame("cup", frame(), "a")
    indirect = album / ".." / "album" / "none 0.png"
    new = save(album / "new.png")
    assert lesson.add_pictures("pen", [indirect, new, new, path]) == 3
    assert lesson.add_pictures("pen", [new]) == 0
    assert pictures(lesson) == {
        "cup": ["cup 0.png", "cup 1.png"],
        "none": ["none 1.png"],
        "pen": ["none 0.png", "new.png", path.name],
    }
    assert same_on_disk(lesson)


def test_removing_deletes_frames_but_no_files_of_others(lesson: Lesson, tmp_path: Path) -> None:
    path = lesson.add_frame("cup", frame(), "a")
    cup = tmp_path / "album" / "cup 0.png"
    lesson.remove([path, cup, tmp_path / "unknown.png"])
    assert pictures(lesson)["cup"] == ["cup 1.png"]
    assert cup.exists()
    assert not path.exists()
    assert same_on_disk(lesson)


def test_missing_files_are_listed_as_broken(lesson: Lesson, tmp_path: Path) -> None:
    path = lesson.add_frame("pen", frame(), "a")
    path.write_bytes(b"")
    (tmp_path / "album" / "cup 1.png").unlink()
    again = Lesson(lesson.folder)
    assert again.classes == lesson.classes
    dataset = again.dataset()
    assert dataset.counts() == {"cup": 1, "none": 2, "pen": 0}
    assert [b.path.name for b in dataset.broken] == ["cup 1.png", path.name]
    assert "no such file" in dataset.broken[0].reason


def test_a_folder_of_classes_becomes_a_lesson(lesson: Lesson, tmp_path: Path) -> None:
    files = [save(tmp_path / "more" / f"{i}.png") for i in range(4)]
    lesson.set_nothing(None)
    lesson.add_all({"Cup": files[::3], "good": files[1:2], "leaf": files[2:3]}, nothing="good")
    assert pictures(lesson) == {
        "cup": ["cup 0.png", "cup 1.png", "0.png", "3.png"],
        "none": ["none 0.png", "none 1.png"],
        "pen": [],
        "good": ["1.png"],
        "leaf": ["2.png"],
    }
    assert lesson.nothing == "good"
    assert same_on_disk(lesson)


def test_a_lesson_is_read_like_any_data_set(lesson: Lesson) -> None:
    with pytest.raises(CamviewerError, match=r"Too few pictures of pen \(0\)"):
        read(lesson.folder)
    lesson.remove_class("pen")
    assert read(lesson.folder) == lesson.dataset()
    # without its list, the subfolders with frames still are classes
    for i in range(2):
        lesson.add_frame("cup", frame(i), "a")
        lesson.add_frame("none", frame(i), "b")
    (lesson.folder / lesson_file.NAME).unlink()
    assert read(lesson.folder).counts() == {"cup": 2, "none": 2}
    assert pictures(Lesson(lesson.folder)) == {
        "cup": ["take-a-00000.jpg", "take-a-00001.jpg"],
        "none": ["take-b-00000.jpg", "take-b-00001.jpg"],
    }


def test_frames_of_a_class_that_is_not_listed_are_found(lesson: Lesson) -> None:
    path = lesson.add_frame("pen", frame(), "a")
    # the program died between two steps, or somebody made the folder
    path.parent.rename(lesson.folder / "Cup")
    save(lesson.folder / "Cup" / "drawing.png")
    save(lesson.folder / "other" / "drawing.png")
    again = Lesson(lesson.folder)
    assert pictures(again)["Cup 2"] == [path.name]
    assert "other" not in pictures(again)
    again.add_class("other")
    assert same_on_disk(again)
