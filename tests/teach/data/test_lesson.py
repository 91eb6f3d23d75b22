"""Lessons: every change on disk at once, whatever happens then; and nothing done that was not."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camviewer import paths
from camviewer.errors import CamviewerError
from camviewer.media import images
from camviewer.teach.data import lesson_file
from camviewer.teach.data.dataset import Dataset, Example
from camviewer.teach.data.frames import new_sequence, sequence_of
from camviewer.teach.data.lesson import Lesson, home
from camviewer.teach.data.reading import read
from camviewer.types import Frame
from tests.teach.data.drawn import frame, save


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
    named = [("Cup", "good", "leaf")[i % 3] for i in range(4)]
    examples = tuple(Example(f, (n,)) for f, n in zip(files, named, strict=True))
    lesson.set_nothing(None)
    lesson.add_all(Dataset(examples, ("Cup", "good", "leaf"), nothing="good"))
    assert pictures(lesson) == {
        "cup": ["cup 0.png", "cup 1.png", "0.png", "3.png"],
        "none": ["none 0.png", "none 1.png"],
        "pen": [],
        "good": ["1.png"],
        "leaf": ["2.png"],
    }
    assert lesson.nothing == "good"
    assert same_on_disk(lesson)
    with pytest.raises(CamviewerError, match="several labels"):
        lesson.add_all(Dataset((), (), multi_label=True))


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


def test_when_the_disk_refuses_nothing_has_happened(
    lesson: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lesson.add_frame("cup", frame(), "a")
    before = pictures(lesson)
    cup = tmp_path / "album" / "cup 0.png"

    def full(self: Path, target: Any) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        for attempt in (
            lambda: lesson.add_class("new"),
            lambda: lesson.rename_class("cup", "new"),
            lambda: lesson.remove_class("cup"),
            lambda: lesson.move([cup], "pen"),
            lambda: lesson.remove([cup, path]),
            lambda: lesson.add_frame("pen", frame(), "b"),
            lambda: lesson.add_pictures("pen", [cup]),
        ):
            with pytest.raises(CamviewerError, match=r"No space left on device\. Make room"):
                attempt()
            assert pictures(lesson) == before
    assert path.exists()
    assert same_on_disk(lesson)
    assert not list(lesson.folder.rglob("*.part"))


def test_what_was_moved_before_an_error_is_known(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = [lesson.add_frame("cup", frame(i), "a") for i in range(3)]
    rename = Path.rename

    def busy(self: Path, target: Any) -> Path:
        if self == taken[1]:
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", busy)
        with pytest.raises(CamviewerError, match="Permission denied"):
            lesson.move(taken, "pen")
    assert pictures(lesson)["pen"] == [taken[0].name]
    assert pictures(lesson)["cup"][2:] == [taken[1].name, taken[2].name]
    assert same_on_disk(lesson)


def test_several_threads_lose_nothing(lesson: Lesson) -> None:
    def record(name: str) -> None:
        for number in range(20):
            lesson.add_frame(name, frame(number), "both")

    threads = [threading.Thread(target=record, args=(name,)) for name in ("cup", "pen")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lesson.dataset().counts() == {"cup": 22, "none": 2, "pen": 20}
    assert len({p.name for c in lesson.classes for p in c.recorded}) == 40
    assert same_on_disk(lesson)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["class", "rename", "drop", "files", "frame", "move", "remove", "nothing"]),
        *(st.integers(0, 9) for _ in range(2)),
    ),
    max_size=15,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_is_done_is_on_disk(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    """Every picture is of one class, the folder holds the frames listed and no others."""
    folder = tmp_path_factory.mktemp("lesson")
    lesson = Lesson(folder)
    for step, one, other in steps:
        names = [c.name for c in lesson.classes]
        known = [p for c in lesson.classes for p in c.pictures]
        a, b = (names[i % len(names)] if names else "?" for i in (one, other))
        try:
            if step == "class":
                lesson.add_class(f"class {one}")
            elif step == "rename":
                lesson.rename_class(a, f"class {other}")
            elif step == "drop":
                lesson.remove_class(a)
            elif step == "files":
                lesson.add_pictures(a, [folder / f"{i}.png" for i in range(other)])
            elif step == "frame":
                lesson.add_frame(a, SMALL, f"s{other % 2}")
            elif step == "move":
                lesson.move(known[one::2], b)
            elif step == "remove":
                lesson.remove(known[one::3])
            else:
                lesson.set_nothing(a)
        except CamviewerError:
            # there is no class yet, or one of this name
            assert not names or step in ("class", "rename")
    assert same_on_disk(lesson)
    pictures = [p for c in lesson.classes for p in c.pictures]
    assert len(set(pictures)) == len(pictures)
    frames = {p for c in lesson.classes for p in c.recorded}
    assert set(folder.glob("*/*")) == frames


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_are_not_followed(lesson: Lesson, tmp_path: Path) -> None:
    """A forged lesson must not have files elsewhere deleted or written."""
    victim = save(tmp_path / "private" / "take-a-00000.jpg")
    lesson.add_frame("cup", frame(), "a")
    (lesson.folder / "pen").symlink_to(victim.parent, target_is_directory=True)
    file = lesson.folder / lesson_file.NAME
    value = json.loads(file.read_text())
    value["classes"][2]["subfolder"] = "pen"
    file.write_text(json.dumps(value))
    forged = Lesson(lesson.folder)
    assert pictures(forged)["pen"] == []
    with pytest.raises(CamviewerError, match="a link to another folder"):
        forged.add_frame("pen", frame(), "b")
    forged.remove_class("pen")
    assert list(victim.parent.iterdir()) == [victim]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"camviewer lesson": 2}, "a newer camviewer"),
        ({"camviewer lesson": "1"}, "it is no lesson"),
        ({"classes": {}}, "classes are no list"),
        ({"classes": [3]}, "a class is no mapping"),
        ({"classes": [{"name": 3, "subfolder": "", "pictures": []}]}, "no proper name"),
        ({"classes": [{"name": " a", "subfolder": "", "pictures": []}]}, "no proper name"),
        ({"classes": [{"name": "\x1b[31m", "subfolder": "", "pictures": []}]}, "no proper name"),
        ({"classes": [{"name": "a", "subfolder": "..", "pictures": []}]}, "not one below"),
        ({"classes": [{"name": "a", "subfolder": "/etc", "pictures": []}]}, "not one below"),
        ({"classes": [{"name": "a", "subfolder": "x/y", "pictures": []}]}, "not one below"),
        ({"classes": [{"name": "a", "subfolder": "", "pictures": "x"}]}, "no list of files"),
        ({"classes": [{"name": "a", "subfolder": "", "pictures": [1]}]}, "no list of files"),
        (
            {"classes": [{"name": n, "subfolder": "", "pictures": []} for n in ("a", "A")]},
            "there twice",
        ),
        (
            {"classes": [{"name": n, "subfolder": "x", "pictures": []} for n in ("a", "b")]},
            "there twice",
        ),
        ({"nothing": "dog"}, "class of nothing is not there"),
        ({"nothing": ["cup"]}, "class of nothing is not there"),
    ],
)
def test_forged_lists_are_refused(lesson: Lesson, change: dict[str, Any], says: str) -> None:
    file = lesson.folder / lesson_file.NAME
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    content = file.read_bytes()
    with pytest.raises(CamviewerError, match=says):
        Lesson(lesson.folder)
    assert file.read_bytes() == content


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40) | st.sampled_from([b"[" * 100_000, b"[]", b"{}", b"null"]))
def test_damaged_lists_are_told_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / lesson_file.NAME
    file.write_bytes(content)
    with pytest.raises(CamviewerError, match=r"lesson.json is damaged: .* found without it"):
        Lesson(tmp_path)
    assert file.read_bytes() == content


def test_a_picture_in_two_classes_is_of_the_first(lesson: Lesson) -> None:
    file = lesson.folder / lesson_file.NAME
    value = json.loads(file.read_text())
    value["classes"][1]["pictures"] += value["classes"][0]["pictures"]
    value["classes"][2]["pictures"] = ["x/../relative.png", "relative.png"]
    file.write_text(json.dumps(value))
    again = Lesson(lesson.folder)
    assert pictures(again)["none"] == ["none 0.png", "none 1.png"]
    assert again.classes[2].added == (lesson.folder / "relative.png",)


def test_a_lesson_lies_in_the_users_folder_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "data", lambda: tmp_path)
    assert home() == tmp_path / "lessons"
    assert Lesson(home() / "first").folder == tmp_path / "lessons" / "first"
    (tmp_path / "file").write_text("")
    with pytest.raises(CamviewerError, match="The lesson cannot be kept"):
        Lesson(tmp_path / "file")
