"""Results are kept with the lesson and counted by hand."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from camviewer.teach import results
from camviewer.teach.data.lesson_file import Contents, LessonClass
from camviewer.teach.figures import Answer
from camviewer.teach.results import Results, fingerprint


def answer(name: str, truth: str, said: str, score: float) -> Answer:
    return Answer(Path(f"/pictures/{name}.png"), (truth,), (said,), score)


def some() -> Results:
    """Seven of ten right, in three classes."""
    return Results(
        file=Path("/networks/pets.safetensors"),
        date="2026-11-28T15:30:00+00:00",
        backbone="starter",
        deep=False,
        taught=30,
        seconds=4.25,
        classes=("cat", "dog", "owl"),
        answers=(
            answer("0", "cat", "cat", 0.9),
            answer("1", "cat", "cat", 0.6),
            answer("2", "cat", "dog", 0.55),
            answer("3", "cat", "dog", 0.95),
            answer("4", "dog", "dog", 0.8),
            answer("5", "dog", "dog", 0.7),
            answer("6", "dog", "cat", 0.7),
            answer("7", "owl", "owl", 0.99),
            answer("8", "owl", "owl", 0.98),
            answer("9", "owl", "owl", 0.97),
        ),
        notes=("owl: there is one recording only.",),
        fingerprint="f" * 64,
    )


def test_pictures_are_counted_cell_by_cell() -> None:
    made = some()
    assert made.counts() == ((2, 2, 0), (1, 2, 0), (0, 0, 3))
    assert made.hits == 7
    # Wilson 1927 for 7 of 10
    assert made.interval == pytest.approx((0.3968, 0.8922), abs=5e-5)


def test_the_surest_mistakes_come_first_and_what_was_nearly_one() -> None:
    made = some()
    assert [a.path.stem for a in made.mistakes] == ["3", "6", "2"]
    assert [a.path.stem for a in made.cell("cat", "dog")] == ["3", "2"]
    assert [a.path.stem for a in made.cell("owl", "owl")] == ["9", "8", "7"]
    assert made.cell("owl", "cat") == ()


def test_they_survive_the_file(tmp_path: Path) -> None:
    assert results.read(tmp_path) is None
    results.write(some(), tmp_path)
    assert results.read(tmp_path) == some()
    later = replace(some(), deep=True, small=True, answers=())
    results.write(later, tmp_path)
    assert results.read(tmp_path) == later
    assert later.counts() == ((0, 0, 0), (0, 0, 0), (0, 0, 0))


@pytest.mark.parametrize(
    "change",
    [
        {"camviewer results": 2},
        {"classes": None},
        {"classes": [1, 2, 3]},
        {"file": 3},
        {"answers": [{"path": "a.png", "truth": ["fox"], "predicted": ["cat"], "score": 1}]},
        {"answers": [{"path": "a.png", "truth": [], "predicted": ["cat"], "score": 1}]},
        {"answers": [{"path": "a.png", "truth": ["cat"], "predicted": [], "score": 1}]},
        {"answers": [{"path": 4, "truth": ["cat"], "predicted": ["cat"], "score": 1}]},
        {"answers": [3]},
        {"notes": 3},
        {"seconds": "long"},
    ],
)
def test_what_makes_no_sense_is_not_shown(tmp_path: Path, change: dict[str, object]) -> None:
    results.write(some(), tmp_path)
    file = tmp_path / results.NAME
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    assert results.read(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000])
def test_damaged_files_are_not_shown(tmp_path: Path, text: str) -> None:
    (tmp_path / results.NAME).write_text(text)
    assert results.read(tmp_path) is None


def test_lessons_are_told_apart_by_what_they_hold() -> None:
    a, b = Path("/a.png"), Path("/b.png")
    one = Contents((LessonClass("cat", added=(a, b)), LessonClass("dog")))
    same = Contents((LessonClass("dog"), LessonClass("cat", added=(b, a))), nothing="dog")
    assert fingerprint(one) == fingerprint(same)
    others = (
        Contents((LessonClass("cat", added=(a,)), LessonClass("dog", added=(b,)))),
        Contents((LessonClass("cat", added=(a, b)), LessonClass("owl"))),
        Contents((LessonClass("cat", added=(a, b)),)),
        replace(one, several=True),
    )
    assert len({fingerprint(contents) for contents in (one, *others)}) == 5


def several() -> Results:
    """Of three classes in four pictures, of which one shows nothing."""
    found = (
        Answer(Path("0.png"), ("cat", "dog"), ("cat", "dog"), 0.7),
        Answer(Path("1.png"), ("cat", "dog"), ("dog", "owl"), 0.9),
        Answer(Path("2.png"), (), (), 0.8),
        Answer(Path("3.png"), ("owl",), (), 0.6),
    )
    return replace(some(), answers=found, several=True)


def test_where_a_picture_shows_several_each_class_is_counted() -> None:
    made = several()
    assert made.columns == ("found", "missed", "not there")
    assert made.counts() == ((1, 1, 0), (2, 0, 0), (0, 1, 1))
    assert made.hits == 2
    assert [a.path.stem for a in made.cell("dog", "found")] == ["1", "0"]
    assert [a.path.stem for a in made.cell("owl", "not there")] == ["1"]
    assert made.is_right("dog", "found")
    assert not made.is_right("found", "missed")
    # what is looked at: the false alarm, what was missed; where all is right, what was said
    assert [a.disputed for a in made.answers] == [("cat", "dog"), ("owl", "cat"), (), ("owl",)]


def test_results_of_several_survive_the_file(tmp_path: Path) -> None:
    results.write(several(), tmp_path)
    assert results.read(tmp_path) == several()
