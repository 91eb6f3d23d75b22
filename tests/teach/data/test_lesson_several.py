"""Lessons in which a picture may be of several classes."""

import json
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camviewer.errors import CamviewerError
from camviewer.teach.data import lesson_file
from camviewer.teach.data.dataset import Example
from camviewer.teach.data.history import History
from camviewer.teach.data.labels import labels_of
from camviewer.teach.data.lesson import Lesson
from camviewer.teach.data.reading import read
from tests.teach.data.drawn import frame, save
from tests.teach.data.lessons import SMALL, lesson, pictures, same_on_disk

__all__ = ["lesson"]


@pytest.fixture
def several(lesson: Lesson) -> Lesson:
    """The same in which a picture may be of several classes."""
    assert lesson.set_several(several=True) == 0
    return lesson


def test_a_picture_is_of_two_classes(several: Lesson, tmp_path: Path) -> None:
    cup = tmp_path / "album" / "cup 0.png"
    taken = several.add_frame("cup", frame(), "a")
    several.share([cup, taken, tmp_path / "unknown.png"], "pen")
    assert pictures(several) == {
        "cup": ["cup 0.png", "cup 1.png", taken.name],
        "none": ["none 0.png", "none 1.png"],
        "pen": ["cup 0.png", taken.name],
    }
    assert several.classes[2].added == (cup,)
    assert several.classes[2].shared == (taken,)
    assert taken.exists()
    several.rename_class("pen", "biro")
    assert several.rename_class("biro", "pen") == "pen"
    assert same_on_disk(several)
    assert several.add_pictures("pen", [cup]) == 0
    assert several.add_pictures("pen", [tmp_path / "album" / "cup 1.png"]) == 1


def test_what_is_taught_has_several_labels(several: Lesson, tmp_path: Path) -> None:
    several.share([tmp_path / "album" / "cup 0.png", tmp_path / "album" / "cup 1.png"], "pen")
    dataset = read(several.folder)
    assert dataset.multi_label
    assert dataset.classes == ("cup", "pen")
    assert dataset.examples[0] == Example(tmp_path / "album" / "cup 0.png", ("cup", "pen"))
    # what means nothing is no class: its pictures show none
    assert [e.labels for e in dataset.examples if e.path.name.startswith("none")] == [(), ()]


def test_a_frame_is_where_it_was_recorded_until_it_leaves_that_class(several: Lesson) -> None:
    taken = several.add_frame("cup", frame(), "a")
    several.share([taken], "pen")
    several.remove([taken], "pen")
    assert pictures(several)["pen"] == []
    several.share([taken], "pen")
    several.remove([taken], "cup")
    assert not taken.exists()
    (moved,) = several.classes[2].recorded
    assert moved.name == taken.name
    assert moved.parent.name == several.classes[2].subfolder
    assert several.classes[0].recorded == several.classes[2].shared == ()
    several.share([moved], "cup")
    assert several.classes[0].shared == (moved,)
    several.remove_class("pen")
    assert several.classes[0].recorded == (taken,)
    assert same_on_disk(several)
    several.remove([taken])
    assert not taken.exists()


def test_a_picture_moves_from_one_of_its_classes(several: Lesson, tmp_path: Path) -> None:
    cup = tmp_path / "album" / "cup 0.png"
    several.add_class("jar")
    several.share([cup], "pen")
    several.move([cup], "jar", of="cup")
    assert labels_of(several.contents)[cup] == ("pen", "jar")
    several.move([cup], "jar", of="pen")
    assert labels_of(several.contents)[cup] == ("jar",)
    assert same_on_disk(several)


def test_what_shows_something_is_not_of_the_class_of_nothing(
    several: Lesson, tmp_path: Path
) -> None:
    cup, none = (tmp_path / "album" / f"{name} 0.png" for name in ("cup", "none"))
    several.share([none], "cup")
    assert labels_of(several.contents)[none] == ("cup",)
    several.share([none, cup], "pen")
    several.share([none], "none")
    assert labels_of(several.contents)[none] == ("none",)
    several.set_nothing("pen")
    assert labels_of(several.contents)[cup] == ("cup",)
    several.set_nothing(None)
    several.share([cup], "none")
    assert labels_of(several.contents)[cup] == ("cup", "none")


def test_of_several_classes_the_first_is_left_and_all_comes_back(
    several: Lesson, tmp_path: Path
) -> None:
    cup = tmp_path / "album" / "cup 0.png"
    taken = several.add_frame("pen", frame(), "a")
    history = History(several)
    history.do("Share", lambda lesson: lesson.share([cup, taken], "pen"))
    history.do("Share", lambda lesson: lesson.share([taken], "cup"))
    before = several.contents
    assert history.do("One", lambda lesson: lesson.set_several(several=False)) == 2
    assert not several.contents.several
    assert labels_of(several.contents)[cup] == ("cup",)
    (moved,) = several.classes[0].recorded
    assert moved.parent.name == several.classes[0].subfolder
    assert same_on_disk(several)
    assert history.undo() == "One"
    assert several.contents == before
    assert same_on_disk(several)


def test_only_where_it_may_is_a_picture_of_several(lesson: Lesson, tmp_path: Path) -> None:
    cup = tmp_path / "album" / "cup 0.png"
    lesson.share([cup], "pen")
    assert labels_of(lesson.contents)[cup] == ("pen",)
    assert json.loads((lesson.folder / lesson_file.NAME).read_text())["camviewer lesson"] == 1
    lesson.add_all({"cup": [cup], "jar": [cup]}, several=True)
    assert labels_of(lesson.contents)[cup] == ("cup", "pen", "jar")
    # an older camviewer would take each picture for one of the first class alone
    assert json.loads((lesson.folder / lesson_file.NAME).read_text())["camviewer lesson"] == 2


def test_shared_frames_that_are_gone_are_forgotten(several: Lesson) -> None:
    taken = several.add_frame("cup", frame(), "a")
    several.share([taken], "pen")
    file = several.folder / lesson_file.NAME
    value = json.loads(file.read_text())
    assert value["classes"][2]["shared"] == [taken.name]
    value["classes"][0]["shared"] = [taken.name, "../../outside.jpg"]
    file.write_text(json.dumps(value))
    assert Lesson(several.folder).classes == several.classes
    taken.unlink()
    assert Lesson(several.folder).classes[2].shared == ()
    value["classes"][0]["shared"] = "cup"
    file.write_text(json.dumps(value))
    with pytest.raises(CamviewerError, match="no list of files"):
        Lesson(several.folder)


NAMES = ("a", "b", "nothing")


class Twin:
    """A lesson, and beside it the sets of labels that it should have, by the files' names."""

    def __init__(self, place: Path) -> None:
        self.lesson = Lesson(place / "lesson")
        for name in NAMES:
            self.lesson.add_class(name)
        self.lesson.set_several(several=True)
        files = [save(place / f"{number}.png") for number in range(3)]
        self.lesson.add_pictures("a", files)
        self.truth = {file.name: {"a"} for file in files}
        self.past: list[dict[str, set[str]]] = []
        self.history = History(self.lesson)
        self._numbers = count()

    def step(self, what: str, number: int, one: str, other: str) -> None:
        before = {name: set(known) for name, known in self.truth.items()}
        contents = self.lesson.contents
        found = sorted(labels_of(contents), key=lambda path: path.name)
        path = found[number % len(found)] if found else Path("nowhere")
        getattr(self, what)(path, one, other)
        self.truth = {name: known for name, known in self.truth.items() if known}
        if what != "undo" and self.lesson.contents != contents:
            self.past.append(before)

    def undo(self, *_: object) -> None:
        if self.history.undo():
            self.truth = self.past.pop()

    def record(self, _: Path, one: str, __: str) -> None:
        step = f"s{next(self._numbers)}"
        taken = self.history.do("step", lambda lesson: lesson.add_frame(one, SMALL, step))
        self.truth[taken.name] = {one}

    def mean_nothing(self, _: Path, one: str, __: str) -> None:
        self.history.do("step", lambda lesson: lesson.set_nothing(one))
        for known in self.truth.values():
            if len(known) > 1:
                known.discard(one)

    def share(self, path: Path, one: str, _: str) -> None:
        self.history.do("step", lambda lesson: lesson.share([path], one))
        self._enter(path, self.truth.get(path.name, set()), one)

    def move(self, path: Path, one: str, other: str) -> None:
        known = self.truth.get(path.name, set())
        if one in known and one != other:
            self.history.do("step", lambda lesson: lesson.move([path], other, of=one))
            self._enter(path, known - {one}, other)

    def leave(self, path: Path, one: str, _: str) -> None:
        self.history.do("step", lambda lesson: lesson.remove([path], one))
        self.truth[path.name] = self.truth.get(path.name, set()) - {one}

    def remove(self, path: Path, *_: str) -> None:
        self.history.do("step", lambda lesson: lesson.remove([path]))
        self.truth.pop(path.name, None)

    def _enter(self, path: Path, known: set[str], name: str) -> None:
        meant = self.lesson.nothing
        if path.name in self.truth:
            self.truth[path.name] = {name} if name == meant else (known | {name}) - {meant or ""}


STEPS = ("undo", "record", "mean_nothing", "share", "move", "leave", "remove")
STEP = st.tuples(
    st.sampled_from(STEPS), st.integers(0, 5), st.sampled_from(NAMES), st.sampled_from(NAMES)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=12))
def test_labels_are_those_that_were_given(steps: list[tuple[str, int, str, str]]) -> None:
    with TemporaryDirectory() as place:
        twin = Twin(Path(place))
        for step in steps:
            twin.step(*step)
            labels = labels_of(twin.lesson.contents)
            assert {path.name: set(known) for path, known in labels.items()} == twin.truth
            assert all(path.exists() for path in labels)
            assert same_on_disk(twin.lesson)
