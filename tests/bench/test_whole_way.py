"""The whole way from a frame to its heatmap, and what is said of it."""

from functools import partial

import numpy as np
import pytest
import torch

from camviewer.bench import whole_way
from camviewer.bench.bench import Bench
from camviewer.bench.plain_loop import PEER
from camviewer.bench.whole_way import LOOP, OURS, REPLAY, WholeWay, WholeWayTimes
from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import METHODS
from camviewer.inspector import Inspector
from camviewer.models.classifier import Classifier
from camviewer.models.preprocess import Preprocessing
from camviewer.render import View, blend
from camviewer.render.on_device import Blender
from tests.bench.networks import Plain
from tests.cam.networks import frozen

CPU = torch.device("cpu")
EXPECTED = Preprocessing(input_size=32)


def way() -> WholeWay:
    explainer = Explainer(frozen(Plain()), 32, CPU, runtime="eager")
    return WholeWay(explainer, EXPECTED, partial(torch.softmax, dim=-1), METHODS["cam"])


def test_it_is_what_the_inspector_and_the_export_give() -> None:
    made = way()
    classifier = Classifier("tiny", frozen(Plain()), ("a", "b", "c"), EXPECTED)
    inspection = Inspector(classifier, "cpu", "eager").inspect(made.frame)
    np.testing.assert_array_equal(made(), blend(inspection, View()))
    assert made.input_size == inspection.geometry.input


def test_it_is_blended_on_the_device_where_that_can(monkeypatch: pytest.MonkeyPatch) -> None:
    made = way()
    expected = made()
    asked: list[str] = []

    def there(device: str) -> Blender:
        asked.append(device)
        return Blender(CPU)

    monkeypatch.setattr(whole_way, "blender", there)
    assert np.abs(made().astype(int) - expected).max() <= 1
    assert asked == ["cpu"]


def test_ratios_are_those_of_the_blocks() -> None:
    blocks = {OURS: [[0.002, 0.002]], LOOP: [[0.02, 0.02]], REPLAY: [[0.001, 0.001]]}
    times = WholeWayTimes.of(blocks)
    assert times is not None
    assert (times.times_faster_than_loop, times.ratio_to_replay) == (10, 2)
    assert (times.ours.median, times.replay.median) == (2, 1)
    del blocks[LOOP]
    without = WholeWayTimes.of(blocks)
    assert without is not None
    assert without.loop is without.times_faster_than_loop is None
    assert WholeWayTimes.of({}) is None


@pytest.mark.gpu
def test_on_a_gpu_a_row_tells_the_whole_way() -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA GPU")
    row = Bench("resnet18", torch.device("cuda")).measure("auto", (PEER,), rounds=2)
    assert row.whole_way is not None
    assert row.whole_way.ratio_to_replay > 0
    assert row.whole_way.times_faster_than_loop is not None
    assert row.whole_way.times_faster_than_loop > 1
