"""Lessons on full disks, with several writers, in hostile files."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camviewer import paths
from camviewer.errors import CamviewerError
from camviewer.teach.data import lesson_file
from camviewer.teach.data.lesson import Lesson, home
from tests.teach.data.drawn import frame, save
from tests.teach.data.lessons import SMALL, lesson, pictures, same_on_disk

__all__ = ["lesson"]


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
    assert set(folder.glob("[!.]*/*")) == frames


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
        ({"camviewer lesson": 3}, "a newer camviewer"),
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
