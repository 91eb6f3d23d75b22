"""Whatever computes the trunk, the numbers are eager torch's."""

import gc
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.runtimes import VARIABLE, WAITING, Choice, choose, export
from camviewer.errors import CamviewerError, MethodError, ModelError
from camviewer.inspector import Inspector, Request
from camviewer.models.classifier import Classifier
from camviewer.models.preprocess import Preprocessing
from camviewer.types import Frame
from tests.cam.exports import CPU, REAL_PROCESS, Exports, exports_in, picture, wait_for_workers
from tests.cam.networks import Branching, ClassToken, Residual, frozen


@pytest.fixture
def exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exports]:
    with exports_in(tmp_path, monkeypatch) as made:
        yield made


def opened(network: nn.Module | None = None, **options: object) -> Explainer:
    return Explainer(network or frozen(Residual()), 8, CPU, **options)  # type: ignore[arg-type]


def test_whoever_waits_for_an_export_is_told(
    exports: Exports, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", WAITING):
        for _ in range(2):  # the second finds it made
            explainer = opened(runtime="onnx")
            explainer.run(picture(), explainer.automatic)
    assert [record.message for record in caplog.records if record.name == WAITING] == [
        "exporting the network to ONNX, once; that takes up to a minute"
    ]


@pytest.mark.parametrize("layer", ["stem", "conv", "relu_1"])  # two of them carry a skip connection
def test_onnx_computes_what_eager_computes_at_every_size(exports: Exports, layer: str) -> None:
    fast, plain = opened(runtime="onnx"), opened(runtime="eager")
    for height, width in ((8, 8), (8, 12), (20, 10)):
        found = fast.run(picture(height, width), fast.layer(layer))
        expected = plain.run(picture(height, width), plain.layer(layer))
        assert (found.runtime, expected.runtime) == ("onnx", "eager")
        assert found.cells == (height, width)
        torch.testing.assert_close(found.activation, expected.activation, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(found.logits, expected.logits, rtol=1e-5, atol=1e-5)
    assert exports.count == 1


def test_runs_keep_their_numbers_when_others_follow(exports: Exports) -> None:
    explainer = opened(runtime="onnx")
    runs = [explainer.run(picture() * scale, explainer.automatic) for scale in (1.0, 2.0, 3.0)]
    eager = opened(runtime="eager")
    for run, scale in zip(runs, (1.0, 2.0, 3.0), strict=True):
        expected = eager.run(picture() * scale, eager.automatic).activation
        torch.testing.assert_close(run.activation, expected, rtol=1e-5, atol=1e-5)


def test_a_network_of_one_size_is_exported_at_that_size(exports: Exports) -> None:
    explainer = opened(frozen(ClassToken()), runtime="onnx")
    run = explainer.run(picture(), explainer.automatic)
    assert (run.runtime, run.cells) == ("onnx", (4, 4))


def test_an_export_serves_every_explainer_and_another_layer_needs_another(exports: Exports) -> None:
    for _ in range(2):
        explainer = opened(runtime="onnx")
        explainer.run(picture(), explainer.automatic)
    assert exports.count == 1
    explainer.run(picture(), explainer.layer("conv"))
    assert exports.count == 2
    other = frozen(Residual())
    with torch.no_grad():
        other.stem.bias += 1
    explainer = opened(other, runtime="onnx")
    assert explainer.run(picture(), explainer.automatic).runtime == "onnx"
    assert exports.count == 3


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "empty"])
def test_a_damaged_export_is_made_again(exports: Exports, tmp_path: Path, damage: str) -> None:
    explainer = opened(runtime="onnx")
    explainer.run(picture(), explainer.automatic)
    (kept,) = (tmp_path / "trunks").iterdir()
    if damage == "foreign":
        explainer.run(picture(), explainer.layer("conv"))
        (other,) = set((tmp_path / "trunks").iterdir()) - {kept}
        other.replace(kept)
    content = bytearray(kept.read_bytes())
    content[-20] ^= 1 if damage == "flipped" else 0
    kept.write_bytes(content[: {"cut": 100, "empty": 0}.get(damage, len(content))])
    before = exports.count
    again = opened(runtime="onnx")
    assert again.run(picture(), again.automatic).runtime == "onnx"
    assert exports.count == before + 1


def test_auto_takes_what_is_there_and_exports_nothing(exports: Exports) -> None:
    explainer = opened(background=False)
    assert explainer.run(picture(), explainer.automatic).runtime == "eager"
    assert (exports.count, explainer.runtime_note) == (0, "")
    forced = opened(runtime="onnx")
    forced.run(picture(), forced.automatic)
    explainer = opened(background=False)
    assert explainer.run(picture(), explainer.automatic).runtime == "onnx"
    assert (exports.count, explainer.runtime) == (1, "onnx")


def test_in_the_background_an_export_takes_over_when_it_is_ready(exports: Exports) -> None:
    exports.may_start.clear()
    explainer = opened(background=True)
    assert explainer.runtime == "eager"
    first = explainer.run(picture(), explainer.automatic)
    assert first.runtime == "eager"
    exports.may_start.set()
    wait_for_workers(explainer)
    assert (explainer.runtime, explainer.runtime_note) == ("onnx", "")
    second = explainer.run(picture(), explainer.automatic)
    assert second.runtime == "onnx"
    limit = 1e-3 * float(first.activation.detach().abs().max())
    assert float((first.activation - second.activation).abs().max().detach()) <= limit


def test_a_layer_that_is_looked_at_once_is_not_exported(exports: Exports) -> None:
    exports.may_start.clear()
    explainer = opened(background=True)
    for _ in range(8):
        explainer.run(picture(), explainer.layer("conv"))
    assert not explainer._runtimes.workers._threads
    explainer.run(picture(), explainer.layer("conv"))
    exports.may_start.set()
    wait_for_workers(explainer)
    assert explainer.run(picture(), explainer.layer("conv")).runtime == "onnx"


def test_an_export_that_disagrees_is_not_used(exports: Exports) -> None:
    exports.spoil = 0.5
    exports.may_start.clear()
    explainer = opened(background=True)
    explainer.run(picture(), explainer.automatic)
    exports.may_start.set()
    wait_for_workers(explainer)
    assert explainer.run(picture(), explainer.automatic).runtime == "eager"
    assert explainer.runtime == "eager"
    assert "off by" in explainer.runtime_note
    forced = opened(runtime="onnx")
    with pytest.raises(MethodError, match=r"off by .* Leave --runtime out"):
        forced.run(picture(), forced.automatic)


def test_a_network_that_cannot_be_exported_is_tried_once(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise ValueError("no such operation\nand a page of details")

    monkeypatch.setattr("camviewer.cam.runtimes.exporting.export_model", refuse)
    for _ in range(2):
        explainer = opened(runtime="onnx")
        with pytest.raises(ModelError, match=r"\(ValueError: no such operation\)"):
            explainer.run(picture(), explainer.automatic)
    assert exports.count == 1
    exports.may_start.clear()
    explainer = opened(background=True)
    explainer.run(picture(), explainer.automatic)
    exports.may_start.set()
    wait_for_workers(explainer)
    assert explainer.run(picture(), explainer.automatic).runtime == "eager"
    assert explainer.runtime_note.endswith("(ValueError: no such operation). It runs in PyTorch.")


def test_an_exporter_that_dies_is_tried_again(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "run_process", lambda *_: 9)
    explainer = opened(runtime="onnx")
    with pytest.raises(ModelError, match="ended with status 9"):
        explainer.run(picture(), explainer.automatic)
    monkeypatch.setattr(export, "run_process", exports.run)
    assert explainer.run(picture(), explainer.automatic).runtime == "onnx"


def test_closing_ends_the_exporting_process_and_its_thread(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = threading.Event()
    ended: list[BaseException] = []

    def endless(_arguments: list[str], stop: threading.Event) -> int:
        started.set()
        try:
            return REAL_PROCESS([sys.executable, "-c", "import time; time.sleep(60)"], stop)
        except BaseException as error:
            ended.append(error)
            raise

    monkeypatch.setattr(export, "run_process", endless)
    explainer = opened(background=True)
    explainer.run(picture(), explainer.automatic)
    assert started.wait(30)
    explainer.close()
    assert [type(error).__name__ for error in ended] == ["CancelledError"]
    assert not any(thread.name == "export" for thread in threading.enumerate())


def test_who_drops_an_explainer_wants_no_export(exports: Exports) -> None:
    exports.may_start.clear()
    explainer = opened(background=True)
    explainer.run(picture(), explainer.automatic)
    exports.may_start.set()
    wait_for_workers(explainer)
    stop = explainer._runtimes.workers.stop
    assert not stop.is_set()
    gc.disable()
    try:
        del explainer
        assert stop.is_set()
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("runtime", "network", "message"),
    [
        ("onnx", Branching, "torch.fx"),
        ("cuda-graph", Residual, "not on cpu"),
        ("fast", Residual, "No runtime 'fast'. Choose auto, eager, onnx or cuda-graph."),
    ],
)
def test_a_runtime_that_cannot_be_is_an_error(
    exports: Exports, runtime: str, network: type[nn.Module], message: str
) -> None:
    with pytest.raises(CamviewerError, match=message):
        opened(frozen(network()), runtime=runtime)


def test_auto_is_eager_where_torch_fx_cannot_follow(exports: Exports) -> None:
    explainer = opened(frozen(Branching()), background=True)
    assert explainer.run(picture(), explainer.automatic).runtime == "eager"
    assert explainer.runtime == "eager"


def test_the_environment_says_what_auto_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "eager")
    assert choose("auto") is Choice.EAGER
    assert choose("onnx") is Choice.ONNX
    monkeypatch.delenv(VARIABLE)
    assert choose("auto") is Choice.AUTO


def test_an_inspection_says_what_computed_it(exports: Exports) -> None:
    classifier = Classifier(
        name="tiny",
        network=Residual(),
        labels=tuple("abcde"),
        preprocessing=Preprocessing((0, 0, 0), (1, 1, 1), input_size=8, resize_size=8),
    )
    frame = Frame((picture()[0].permute(1, 2, 0) * 60 + 120).byte().numpy(), "noise")
    request = Request(targets=(0, 4))
    fast = Inspector(classifier, "cpu", "onnx").inspect(frame, request)
    plain = Inspector(classifier, "cpu", "eager").inspect(frame, request)
    assert (fast.origin.runtime, plain.origin.runtime) == ("onnx", "eager")
    for one, other in zip(fast.explanations, plain.explanations, strict=True):
        assert one.heatmap.values == pytest.approx(other.heatmap.values, rel=1e-4, abs=1e-4)
