"""What the teaching half of the teach view says and counts, without a window."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from camviewer import paths
from camviewer.gui.teach.run import whereabouts, words
from camviewer.gui.teach.run.pace import LOADING, READING, Pace, in_words
from camviewer.gui.teach.run.plan import Base, Plan, advice, drop_states, missing, open_base
from camviewer.models import catalog
from camviewer.teach import deep
from camviewer.teach.data.lesson_file import Contents, LessonClass
from camviewer.teach.deep import Step
from camviewer.teach.figures import Answer
from camviewer.teach.teaching import Stage
from tests.gui.fakes import classifier
from tests.teach.lessons import backbone
from tests.teach.test_results import several, some

A, B, C, D = (Path(f"/{name}.png") for name in "abcd")


def test_what_is_missing_is_said() -> None:
    cat, dog = LessonClass("cat", added=(A, B)), LessonClass("dog", added=(C,))
    assert "two classes" in missing(Contents())
    assert "two classes" in missing(Contents((cat,)))
    assert missing(Contents((cat, dog))).startswith(
        "Too few pictures of “dog” (1): each class needs"
    )
    owl, fox = LessonClass("owl"), LessonClass("fox")
    assert "“dog” (1) and “owl” (0) and 1 other classes" in missing(Contents((cat, dog, owl, fox)))
    assert missing(Contents((cat, LessonClass("dog", added=(C, D))))) == ""


def test_results_in_plain_words() -> None:
    made = some()
    assert words.headline(made) == "7 of 10 right"
    assert "pictures that it had not seen" in words.meaning(made)
    assert "expect 40 to 89 %" in words.meaning(made)
    assert "may be no better than guessing" in words.meaning(made)  # half of them are cats
    many = replace(made, answers=made.answers * 3)
    assert "expect 52 to 83 %." in words.meaning(many)
    assert words.meaning(many).endswith("choose Small things under More options and teach again.")
    assert words.meaning(replace(many, small=True)).endswith("expect 52 to 83 %.")
    right = tuple(a for a in made.answers if a.right)
    assert words.meaning(replace(made, answers=right * 3)).endswith("expect 85 to 100 %.")
    few = replace(made, answers=tuple(a for a in made.answers if a.right))
    assert "They are few" in words.meaning(few)
    assert "guessing" not in words.meaning(few)
    assert (
        words.origin(made)
        == "28 Nov 2026, 15:30 · fast, on starter · 30 pictures · 4.2\N{NO-BREAK SPACE}s"
    )
    assert words.of_mistakes(made)[0] == "3 mistakes, the worst first"
    assert words.of_cell(made, "cat", "dog")[0] == "2 pictures of “cat” taken for “dog”"
    assert words.of_cell(made, "dog", "cat")[0] == "1 picture of “dog” taken for “cat”"
    assert words.of_cell(made, "owl", "owl")[0] == "3 pictures of “owl” recognised"
    assert words.of_table(made)[0] == "What was taken for what"
    assert words.of_column(made, "dog") == "Taken for “dog”"
    assert words.of_answer(made.answers[0]) == "“cat”, recognised"
    assert words.of_answer(made.answers[2]) == "“cat”, taken for “dog”"


def test_results_of_several_classes_a_picture_in_plain_words() -> None:
    made = several()
    assert words.headline(made) == "2 of 4 right"
    assert words.of_table(made)[0] == "What was found"
    said = [words.of_cell(made, *place)[0] for place in product(("dog", "owl"), made.columns)]
    assert said == [
        "“dog” found in 2 pictures",
        "“dog” missed in 0 pictures",
        "“dog” seen in 0 pictures that do not show it",
        "“owl” found in 0 pictures",
        "“owl” missed in 1 picture",
        "“owl” seen in 1 picture that does not show it",
    ]
    assert words.of_column(made, "not there") == "It was seen, but is not"
    assert [words.of_answer(answer) for answer in made.answers] == [
        "“cat” and “dog”, recognised",
        "“cat” and “dog”: “cat” missed, “owl” seen",
        "None of them, recognised",
        "“owl”: “owl” missed",
    ]


def test_nothing_held_out_is_said() -> None:
    none = replace(some(), answers=())
    assert words.headline(none) == "Not tried out"
    assert "cannot be told" in words.meaning(none)
    assert words.of_mistakes(none)[0] == "No pictures were held out"


def test_many_notes_are_shortened() -> None:
    assert words.shortened(["a", "b"], 2) == ["a", "b"]
    assert words.shortened(["a", "b", "c", "d"], 2) == ["a", "b", "And 2 more of the kind."]


def test_the_time_left_goes_by_the_share_that_is_done() -> None:
    now = [0.0]
    pace = Pace(deeply=False, clock=lambda: now[0])
    assert pace.at(LOADING, 0).seconds_left is None
    assert pace.at(Stage.LOOKING, 0).seconds_left is None
    now[0] = 2.0
    told = pace.at(Stage.LOOKING, 0.25)
    assert told.seconds_left == pytest.approx(6.0)
    assert told.share == pytest.approx(0.05 + 0.25 * 0.8)
    assert pace.at(Stage.LEARNING, 0.5).seconds_left is None
    assert pace.at(Stage.LEARNING, 1.0).share == pytest.approx(0.99)


def test_rounds_of_deep_teaching_fill_most_of_the_bar() -> None:
    pace = Pace(deeply=True)
    read = pace.at_step(Step(0, 5, 10), 20)
    assert (read.stage, read.share) == (READING, pytest.approx(0.16))
    told = pace.at_step(Step(11, 5, 10, 0.3, 42.0), 20)
    assert told.stage == "learning more deeply, round 11 of 20"
    assert told.share == pytest.approx(0.16 + 0.525 * 0.79)
    assert told.seconds_left == 42.0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "nearly done"),
        (6.4, "about 6 s left"),
        (33, "about 35 s left"),
        (170, "about 3 min left"),
    ],
)
def test_times_in_words(seconds: float, said: str) -> None:
    assert in_words(seconds) == said


def test_networks_to_build_upon() -> None:
    made = open_base(backbone())
    assert made is not None
    assert (made.name, made.title, made.classifier) == ("starter", "Starter", backbone())
    assert "photographs choose a network" in advice(made)
    # what is already taught, or of somebody's own making
    assert open_base(classifier("pets 2026-11-28")) is None
    own = replace(classifier("resnet18"), weights="mine.pth")
    made = open_base(own)
    assert made is not None
    assert made.title == "ResNet18, mine.pth"
    assert "with the weights that it had" in advice(made)


def test_advice_says_what_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog.Entry, "cached", False)
    assert advice(Base("resnet18", "ResNet18")).endswith("(47 MB) are fetched first.")


def test_deep_teaching_goes_on_with_the_same_choices_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "cache", lambda: tmp_path)
    classes = LessonClass("cat", added=(A, B)), LessonClass("dog", added=(C, D))
    held = Contents(classes)
    plan = Plan(Base("starter", "Starter"), deeply=True)
    state = plan.state_file(tmp_path, held)
    longer = replace(plan, tuning=deep.Options(epochs=50))
    assert longer.state_file(tmp_path, held) == state
    others = {
        replace(plan, tuning=deep.Options(stages=1)).state_file(tmp_path, held),
        replace(plan, base=Base("resnet18", "ResNet18")).state_file(tmp_path, held),
        plan.state_file(tmp_path, Contents(classes[:1])),
        plan.state_file(tmp_path / "other", held),
    }
    assert len(others | {state}) == 5
    state.parent.mkdir()
    for file in others | {state}:
        file.touch()
    drop_states(tmp_path, but=state)
    left = set(state.parent.iterdir())
    assert left == {state, plan.state_file(tmp_path / "other", held)}


def test_pictures_are_followed_when_they_are_moved() -> None:
    frame = Path("/lesson/cat/take-20261128-1-00001.jpg")
    moved = Path("/lesson/dog/take-20261128-1-00001.jpg")
    made = some().answers[0]
    cat, dog = LessonClass("cat"), LessonClass("dog", added=(A,), recorded=(moved,))
    before = whereabouts.of(Contents((replace(cat, added=(A,), recorded=(frame,)),)))
    after = whereabouts.of(Contents((cat, dog)))
    for path, place in ((A, A), (frame, moved)):
        of_it = replace(made, path=path)
        assert before.status(of_it) == ""
        assert after.status(of_it) == "Now in “dog”"
        assert after.place(path) == place
    assert after.status(replace(made, path=B)) == "Not in the lesson any more"
    assert after.place(B) is None
    # where it may be of several, that it is of the class of nothing says that it shows none
    cat, none = LessonClass("cat", added=(A, B)), LessonClass("none", added=(C,))
    now = whereabouts.of(Contents((cat, replace(none, added=(B, C))), "none", several=True))
    assert now.status(Answer(C, (), ("cat",), 0.9)) == ""
    assert now.status(Answer(A, (), ("cat",), 0.9)) == "Now in “cat”"
    assert now.labels(Answer(C, (), (), 0.9)) == ("none",)
    dog = replace(dog, added=(A, B))
    both = whereabouts.of(Contents((cat, dog), several=True))
    assert both.status(Answer(A, ("cat",), (), 0.9)) == "Now in “cat” and “dog”"
    assert both.status(Answer(A, ("cat", "dog"), (), 0.9)) == ""
    assert whereabouts.Whereabouts().status(made) == ""
