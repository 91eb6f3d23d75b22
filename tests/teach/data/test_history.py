"""What is done to a lesson can be taken back and done again, and is on disk each time."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camviewer.errors import CamviewerError
from camviewer.teach.data.history import History
from camviewer.teach.data.lesson import Lesson
from camviewer.teach.data.lesson_file import Contents
from tests.teach.data.drawn import frame, save
from tests.teach.data.lessons import SMALL, lesson, pictures, same_on_disk

__all__ = ["lesson"]


def test_removed_frames_come_back(lesson: Lesson) -> None:
    taken = [lesson.add_frame("cup", frame(i), "a") for i in range(3)]
    content = taken[1].read_bytes()
    history = History(lesson)
    before = pictures(lesson)
    history.do("Remove", lambda the: the.remove([taken[1]]))
    assert not taken[1].exists()
    assert history.next_undo == "Remove"
    assert history.undo() == "Remove"
    assert pictures(lesson) == before
    assert taken[1].read_bytes() == content
    assert same_on_disk(lesson)
    assert (history.next_undo, history.next_redo) == ("", "Remove")
    assert history.redo() == "Remove"
    assert pictures(lesson)["cup"][2:] == [taken[0].name, taken[2].name]
    assert not taken[1].exists()
    assert same_on_disk(lesson)


def test_a_removed_class_comes_back_with_all_it_had(lesson: Lesson) -> None:
    path = lesson.add_frame("none", frame(), "a")
    history = History(lesson)
    before = lesson.contents
    history.do("Remove Class", lambda the: the.remove_class("none"))
    assert lesson.nothing is None
    # another class has its folder meanwhile
    history.do("Add", lambda the: the.add_class("none"))
    history.do("Record", lambda the: the.add_frame("none", frame(1), "b"))
    for what in ("Record", "Add", "Remove Class"):
        assert history.undo() == what
        assert same_on_disk(lesson)
    assert lesson.contents == before
    assert lesson.nothing == "none"
    assert path.exists()
    assert history.undo() == ""
    for what in ("Remove Class", "Add", "Record"):
        assert history.redo() == what
        assert same_on_disk(lesson)
    assert len(lesson.classes[2].recorded) == 1
    assert history.redo() == ""


def test_a_recording_is_one_step(lesson: Lesson) -> None:
    history = History(lesson)

    def record(take: str, number: int) -> None:
        history.do("Record", lambda the: the.add_frame("pen", frame(number), take), part_of=take)

    for take in ("a", "b"):
        for number in range(3):
            record(take, number)
    assert len(lesson.classes[2].recorded) == 6
    history.undo()
    assert [p.name[:6] for p in lesson.classes[2].recorded] == ["take-a"] * 3
    history.undo()
    assert lesson.classes[2].recorded == ()
    history.redo()
    history.redo()
    assert len(lesson.classes[2].recorded) == 6
    assert same_on_disk(lesson)


def test_what_changes_nothing_is_no_step_and_a_new_one_ends_redo(lesson: Lesson) -> None:
    history = History(lesson)
    assert history.do("Add", lambda the: the.add_class("new")) == "new"
    history.do("Move", lambda the: the.move([], "pen"))
    assert history.next_undo == "Add"
    with pytest.raises(CamviewerError, match="There is a class"):
        history.do("Add", lambda the: the.add_class("Pen"))
    history.undo()
    history.do("Rename", lambda the: the.rename_class("pen", "pencil"))
    assert history.next_redo == ""
    assert history.undo() == "Rename"
    assert [c.name for c in lesson.classes] == ["cup", "none", "pen"]


def test_what_was_done_before_an_error_can_be_taken_back(lesson: Lesson, tmp_path: Path) -> None:
    history = History(lesson)

    def some(the: Lesson) -> None:
        the.add_class("one")
        the.add_class("one")

    with pytest.raises(CamviewerError):
        history.do("Add", some)
    assert [c.name for c in lesson.classes][3:] == ["one"]
    assert history.undo() == "Add"
    assert [c.name for c in lesson.classes][3:] == []
    assert same_on_disk(lesson)


def test_an_undo_that_fails_can_be_tried_again(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(lesson)
    history.do("Add", lambda the: the.add_class("new"))

    def full(self: Path, target: object) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(CamviewerError, match="No space left"):
            history.undo()
    assert history.next_undo == "Add"
    assert history.undo() == "Add"
    assert same_on_disk(lesson)


def test_what_was_taken_away_is_deleted_when_the_lesson_is_left(lesson: Lesson) -> None:
    path = lesson.add_frame("cup", frame(), "a")
    history = History(lesson)
    history.do("Remove", lambda the: the.remove([path]))
    kept = list(lesson.folder.rglob("take-*.jpg"))
    assert len(kept) == 1
    lesson.tidy()
    assert not list(lesson.folder.rglob("take-*.jpg"))
    assert [f.name for f in lesson.folder.iterdir()] == ["lesson.json"]
    history.undo()
    assert pictures(lesson)["cup"] == ["cup 0.png", "cup 1.png"]
    assert same_on_disk(lesson)


def test_files_elsewhere_are_never_moved(lesson: Lesson, tmp_path: Path) -> None:
    album = {path: path.read_bytes() for path in (tmp_path / "album").iterdir()}
    new = save(tmp_path / "more" / "new.png")
    history = History(lesson)
    history.do("Add", lambda the: the.add_pictures("pen", [new]))
    history.do("Move", lambda the: the.move(list(album), "pen"))
    history.do("Remove", lambda the: the.remove(list(album)))
    for _ in range(3):
        history.undo()
    assert {path: path.read_bytes() for path in (tmp_path / "album").iterdir()} == album
    assert new.exists()
    assert same_on_disk(lesson)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["class", "rename", "drop", "files", "frame", "move", "remove", "undo", "redo"]
        ),
        *(st.integers(0, 4) for _ in range(2)),
    ),
    max_size=14,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_all_can_be_taken_back_and_done_again(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    """The way back shows the same contents in the opposite order, the way on in the same order."""
    folder = tmp_path_factory.mktemp("lesson")
    lesson = Lesson(folder)
    history = History(lesson)
    for step, one, other in steps:
        names = [c.name for c in lesson.classes]
        known = [p for c in lesson.classes for p in c.pictures]
        a, b = (names[i % len(names)] if names else "?" for i in (one, other))
        files = [folder / f"{i}.png" for i in range(other)]
        changes = {
            "class": lambda the: the.add_class(f"class {one}"),  # noqa: B023
            "rename": lambda the: the.rename_class(a, f"class {other}"),  # noqa: B023
            "drop": lambda the: the.remove_class(a),  # noqa: B023
            "files": lambda the: the.add_pictures(a, files),  # noqa: B023
            "frame": lambda the: the.add_frame(a, SMALL, f"s{other}"),  # noqa: B023
            "move": lambda the: the.move(known[one::2], b),  # noqa: B023
            "remove": lambda the: the.remove(known[one::2]),  # noqa: B023
        }
        try:
            if step in changes:
                history.do(step, changes[step])
            else:
                getattr(history, step)()
        except CamviewerError:
            assert not names or step in ("class", "rename")
    while history.redo():
        pass
    seen: list[Contents] = [lesson.contents]
    while history.undo():
        seen.append(lesson.contents)
        assert same_on_disk(lesson)
    assert lesson.classes == ()
    for expected in reversed(seen):
        assert lesson.contents == expected
        assert {p for c in lesson.classes for p in c.recorded} == set(folder.glob("[!.]*/*"))
        history.redo()
