"""The class that means "none of these" is recognised, but nothing is drawn for it."""

import numpy as np
import pytest
from torch import nn

from camviewer.inspector import Request, inspector_for
from camviewer.models.classifier import Classifier
from camviewer.models.preprocess import Preprocessing
from camviewer.models.starter_net import StarterNet
from camviewer.types import Frame


@pytest.fixture
def classifier() -> Classifier:
    network = StarterNet(2)
    nn.init.constant_(network.fc.bias[1:], 100)
    return Classifier(
        name="taught",
        network=network,
        labels=("thing", "nothing"),
        preprocessing=Preprocessing(input_size=64, resize_size=64, min_size=32),
        nothing=1,
    )


def _frame() -> Frame:
    return Frame(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8), "test")


def test_nothing_is_drawn_where_there_is_nothing(classifier: Classifier) -> None:
    inspection = inspector_for(classifier, "cpu").inspect(_frame(), Request())
    assert [prediction.label for prediction in inspection.top(1)] == ["nothing"]
    assert inspection.explanations == ()


def test_it_is_explained_when_it_is_asked_for(classifier: Classifier) -> None:
    inspection = inspector_for(classifier, "cpu").inspect(_frame(), Request(targets=(1,)))
    assert len(inspection.explanations) == 1
