"""From a request to what is asked of the network."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from camviewer.cam.targets import Against, ClassTarget, Contrast, Similarity, Target
from camviewer.errors import MethodError
from camviewer.inspector.request import Request
from camviewer.models.classifier import Activation, Classifier
from camviewer.types import Ask, Prediction, Question

_MOST_PRESENT = 6  # classes shown at once when several are present
_UNCALIBRATED = 0.5
NO_CLASS = -1


@dataclass(frozen=True, eq=False)
class Asked:
    """One question, ready to be answered.

    Attributes:
        target: what the method gets.
        index: of the class it is about; NO_CLASS for none.
        label: as shown.
        score: the class's probability; for likeness the cosine, where negative ones are zero.
        present: whether the network says that the class is in the picture.
    """

    target: Target
    index: int
    label: str
    score: float
    present: bool


def present_classes(classifier: Classifier, predictions: tuple[Prediction, ...]) -> frozenset[int]:
    """The classes that the network says are in the picture."""
    if classifier.activation is Activation.SOFTMAX:
        return frozenset({max(predictions, key=lambda p: p.logit).index})
    thresholds = classifier.thresholds or (_UNCALIBRATED,) * len(predictions)
    return frozenset(p.index for p, t in zip(predictions, thresholds, strict=True) if p.score >= t)


def about_classes(
    classifier: Classifier, predictions: tuple[Prediction, ...], request: Request
) -> list[Asked]:
    """What the request asks about classes, strongest class first unless they are named.

    Raises:
        MethodError: if there is no such class, or the class to compare with is missing.
    """
    present = present_classes(classifier, predictions)
    question = request.question
    other = question.other
    if question.ask is Ask.RATHER_THAN:
        if other is None:
            raise MethodError("Name the class to compare with.")
        _check(classifier, predictions, other)
    asked = []
    for index in _indices(classifier, predictions, present, request):
        prediction = predictions[index]
        if question.ask is Ask.RATHER_THAN and index == other and request.targets is None:
            continue
        target, label = _put(question, prediction, predictions)
        asked.append(Asked(target, index, label, prediction.score, index in present))
    return asked


def about_likeness(question: Question, reference: Tensor, cosine: float) -> Asked:
    """What looks like the reference picture, whose embedding is given."""
    name = question.reference.source if question.reference is not None else ""
    short = name.replace("\\", "/").rsplit("/", 1)[-1]
    return Asked(Similarity(reference), NO_CLASS, f"like {short}", max(cosine, 0.0), present=True)


def _put(
    question: Question, prediction: Prediction, predictions: tuple[Prediction, ...]
) -> tuple[Target, str]:
    if question.ask is Ask.AGAINST:
        return Against(prediction.index), f"against {prediction.label}"
    if question.ask is Ask.RATHER_THAN and question.other is not None:
        other = predictions[question.other]
        return Contrast(prediction.index, other.index), f"{prediction.label}, not {other.label}"
    return ClassTarget(prediction.index), prediction.label


def _indices(
    classifier: Classifier,
    predictions: tuple[Prediction, ...],
    present: frozenset[int],
    request: Request,
) -> list[int]:
    if request.targets is not None:
        for target in request.targets:
            _check(classifier, predictions, target)
        return list(dict.fromkeys(request.targets))
    ranked = [p.index for p in sorted(predictions, key=lambda p: -p.logit)]
    if request.top is not None:
        return ranked[: request.top]
    shown = present - {classifier.nothing}
    return [i for i in ranked if i in shown][:_MOST_PRESENT]


def _check(classifier: Classifier, predictions: tuple[Prediction, ...], index: int) -> None:
    if not 0 <= index < len(predictions):
        raise MethodError(
            f"{classifier.name} has classes 0 to {len(predictions) - 1}; there is no class {index}."
        )
