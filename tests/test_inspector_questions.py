"""Questions: what speaks against a class, for it and not another, and what looks like a picture."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from camviewer.errors import MethodError
from camviewer.export.record import record
from camviewer.inspector import Inspector, Request
from camviewer.models.classifier import Activation
from camviewer.types import Ask, Explanation, Frame, Question
from tests.cam.networks import Branching
from tests.test_inspector import classifier, frame

# The network's classes are red (1, 2, 0), blue (0, -1, 4) and any (0.5, 0.5, 0.5), by channel; the
# frame is blue with a red square at the top left, a sixteenth of it.
RED = np.zeros((8, 8), bool)
RED[:2, :2] = True


def asked(question: Question, **changes: object) -> tuple[Explanation, ...]:
    request = Request(question=question, **changes)  # type: ignore[arg-type]
    return Inspector(classifier(), "cpu").inspect(frame(), request).explanations


def two_values(red: float, blue: float) -> np.ndarray:
    return np.where(RED, np.float32(red), np.float32(blue))


def of_red() -> Frame:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[..., 0] = 255
    return Frame(pixels, "folder/red.png")


def test_what_speaks_against_a_class_by_hand() -> None:
    red, blue = asked(Question(Ask.AGAINST), targets=(0, 1))
    np.testing.assert_allclose(red.heatmap.values, two_values(-1, 0))
    np.testing.assert_allclose(blue.heatmap.values, two_values(0, -4))
    assert (red.heatmap.label, blue.heatmap.label) == ("against red", "against blue")
    assert not red.boxes
    # the score stays the class's own: logits 0.3125, 3.25, 0.5
    expected = np.exp([0.3125, 3.25, 0.5])
    assert blue.heatmap.score == pytest.approx(expected[1] / expected.sum())


def test_why_one_class_and_not_another_by_hand() -> None:
    (contrast,) = asked(Question(Ask.RATHER_THAN, other=1), targets=(0,))
    np.testing.assert_allclose(contrast.heatmap.values, two_values(1 - 0, 0 - 4))
    assert contrast.heatmap.label == "red, not blue"
    (box,) = contrast.boxes
    assert box.x == box.y == 0
    assert box.label == "red, not blue"


def test_the_class_compared_with_is_left_out_of_those_that_the_network_finds() -> None:
    everything = asked(Question(Ask.RATHER_THAN, other=2), top=3)
    assert [e.heatmap.target for e in everything] == [1, 0]


def test_what_looks_like_a_picture_by_hand() -> None:
    (likeness,) = asked(Question(Ask.LIKE, reference=of_red()))
    # embeddings are the mean colours: (1, 0, 15) / 16 here, (1, 0, 0) there
    length = np.sqrt(226) / 16
    assert likeness.heatmap.score == pytest.approx(1 / np.sqrt(226))
    # d cos / d e = ref / |e| - e_0 e / |e|^3, by 64 cells: what is red more than blue
    slope = np.array([225, 0, -15]) / 256 / length**3 / 64
    np.testing.assert_allclose(likeness.heatmap.values, two_values(slope[0], slope[2]), rtol=1e-5)
    assert likeness.heatmap.label == "like red.png"
    assert likeness.heatmap.target == -1


def test_a_picture_is_like_itself() -> None:
    (likeness,) = asked(Question(Ask.LIKE, reference=frame()))
    assert likeness.heatmap.score == pytest.approx(1)
    assert np.abs(likeness.heatmap.values).max() < 1e-6


def test_questions_about_several_present_classes() -> None:
    several = classifier(activation=Activation.SIGMOID, thresholds=(0.5, 0.5, 0.5))
    inspection = Inspector(several, "cpu").inspect(frame(), Request(question=Question(Ask.AGAINST)))
    assert [e.heatmap.label for e in inspection.explanations] == [
        "against blue",
        "against any",
        "against red",
    ]


def test_networks_followed_by_hooks_answer_too() -> None:
    hooked = classifier(Branching(), labels=tuple("abcde"))
    request = Request(question=Question(Ask.LIKE, reference=of_red()), method="grad-cam")
    inspector = Inspector(hooked, "cpu")
    (likeness,) = inspector.inspect(frame(), request).explanations
    traced = Inspector(classifier(Branching().inner, labels=tuple("abcde")), "cpu")
    layer = inspector.automatic_layer.name.removeprefix("inner.")
    request = Request(
        question=request.question, method="grad-cam", layer={"relu": "relu_1"}.get(layer, layer)
    )
    (expected,) = traced.inspect(frame(), request).explanations
    assert likeness.heatmap.score == pytest.approx(expected.heatmap.score, abs=1e-5)
    np.testing.assert_allclose(
        likeness.heatmap.values, expected.heatmap.values, rtol=1e-3, atol=1e-6
    )


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (Question(Ask.RATHER_THAN), "Name the class"),
        (Question(Ask.RATHER_THAN, other=3), "classes 0 to 2"),
        (Question(Ask.LIKE), "reference picture"),
    ],
)
def test_half_a_question_is_refused(question: Question, told: str) -> None:
    with pytest.raises(MethodError, match=told):
        asked(question)


def test_likeness_needs_an_embedding() -> None:
    bare = classifier(
        nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    )
    with pytest.raises(MethodError, match="no embedding"):
        Inspector(bare, "cpu").inspect(
            frame(), Request(question=Question(Ask.LIKE, reference=of_red()))
        )


def test_the_record_states_the_question() -> None:
    inspector = Inspector(classifier(), "cpu")
    questions = {
        Question(): {"ask": "for", "other": None, "reference": None},
        Question(Ask.AGAINST): {"ask": "against", "other": None, "reference": None},
        Question(Ask.RATHER_THAN, other=2): {
            "ask": "rather than",
            "other": {"index": 2, "label": "any"},
            "reference": None,
        },
        Question(Ask.LIKE, reference=of_red()): {
            "ask": "like",
            "other": None,
            "reference": "folder/red.png",
        },
    }
    for question, expected in questions.items():
        inspection = inspector.inspect(frame(), Request(question=question))
        assert inspection.origin.question == question
        assert record(inspection)["question"] == expected
