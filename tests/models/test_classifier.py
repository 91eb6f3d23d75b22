"""A classifier's classes are found by what people type; any network's output is understood."""

from collections import OrderedDict
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from camviewer.errors import ModelError
from camviewer.models.classifier import Activation, Classifier, as_logits
from camviewer.models.preprocess import Preprocessing

LABELS = ("tench", "goldfish", "red_fox", "kit fox", "crane", "crane", "Staffordshire bullterrier")


def classifier(labels: tuple[str, ...] = LABELS, **more: object) -> Classifier:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3, len(labels)))
    return Classifier("tiny", network, labels, Preprocessing(), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ("0", 0),
        (" 6 ", 6),
        ("Goldfish", 1),
        ("red fox", 2),
        ("RED_FOX", 2),
        ("kit", 3),
        ("bullterrier", 6),
        ("tench", 0),
    ],
)
def test_find(wanted: str, index: int) -> None:
    assert classifier().find(wanted) == index


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("7", "has classes 0 to 6; there is no class 7"),
        ("-1", "there is no class -1"),
        ("fox", "Several classes match 'fox': 2 red_fox, 3 kit fox. Give the number."),
        ("crane", "4 crane, 5 crane"),
        ("goldfsh", r"knows no class 'goldfsh'. Did you mean goldfish\?"),
        ("²", "knows no class"),
        ("--5", "knows no class"),
        ("  ", "knows no class"),
        ("99999999999999999999", "knows no class"),
    ],
)
def test_find_says_why_not(wanted: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        classifier().find(wanted)


def test_scores() -> None:
    logits = torch.tensor([0.0, 0.0, 0.6931472])
    softmax = classifier(("a", "b", "c"))
    sigmoid = classifier(("a", "b", "c"), activation=Activation.SIGMOID)
    torch.testing.assert_close(softmax.scores(logits), torch.tensor([0.25, 0.25, 0.5]))
    torch.testing.assert_close(sigmoid.scores(logits), torch.tensor([0.5, 0.5, 2 / 3]))


def test_networks_are_frozen_widened_and_in_evaluation_mode() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2)).half().train()
    frozen = Classifier("tiny", network, ("a", "b"), Preprocessing()).network
    assert not any(module.training for module in frozen.modules())
    assert {p.dtype for p in frozen.parameters()} == {torch.float32}
    assert not any(p.requires_grad for p in frozen.parameters())


def test_thresholds_must_match_the_labels() -> None:
    with pytest.raises(ModelError, match="2 labels but 3 thresholds"):
        classifier(("a", "b"), thresholds=(0.1, 0.2, 0.3))


class Outputs(NamedTuple):
    """As GoogLeNet returns while training."""

    logits: Tensor
    aux: Tensor | None


LOGITS = torch.arange(6.0).view(2, 3)
FEATURES = torch.zeros(2, 8, 4, 4)


@pytest.mark.parametrize(
    "output",
    [
        LOGITS,
        LOGITS.view(2, 3, 1, 1),
        (LOGITS, FEATURES),
        [FEATURES, LOGITS],
        Outputs(LOGITS, None),
        {"logits": LOGITS, "embedding": torch.zeros(2, 9)},
        OrderedDict(features=FEATURES, prediction=LOGITS),
        {"out": LOGITS, "aux": torch.zeros(2, 3)},
    ],
    ids=["tensor", "conv", "tuple", "list", "named", "logits", "only", "out"],
)
def test_as_logits(output: object) -> None:
    assert torch.equal(as_logits(output), LOGITS)


def test_as_logits_gives_a_lone_vector_a_batch() -> None:
    assert torch.equal(as_logits(LOGITS[0]), LOGITS[:1])


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (FEATURES, r"shape \(2, 8, 4, 4\).*segmentation"),
        (torch.tensor(1.0), r"shape \(\)"),
        ({"a": LOGITS, "b": LOGITS}, "mapping with a, b; name the entry"),
        ({"logits": None}, "returned NoneType"),
        ((FEATURES,), "returned tuple"),
        ("cat", "returned str"),
        (None, "returned NoneType"),
    ],
)
def test_as_logits_refuses_what_is_no_classification(output: object, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        as_logits(output)


def test_a_single_logit_is_read_by_the_sigmoid() -> None:
    """Softmax of one number is 1, whatever it is."""
    one = classifier(("crack",))
    assert one.activation is Activation.SIGMOID
    assert one.scores(torch.tensor([[-1.0]])).item() == pytest.approx(0.26894, abs=1e-5)
    assert classifier().activation is Activation.SOFTMAX
