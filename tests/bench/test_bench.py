"""What is compared is the same work, and what is missing is told."""

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from camviewer.bench import NETWORKS
from camviewer.bench import PEERS as OFFERED
from camviewer.bench.bench import Bench
from camviewer.bench.peers import PEERS, Job
from camviewer.cam.methods import METHODS
from camviewer.errors import CamviewerError, MethodError, ModelError
from camviewer.models import zoo
from camviewer.models.preprocess import Preprocessing
from tests.bench.networks import Plain, Reusing, TwoLayers
from tests.cam.networks import ChannelsLast

CPU = torch.device("cpu")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny networks under torchvision's names."""
    made = {"resnet18": Plain, "resnet50": TwoLayers, "resnet34": Reusing, "swin_t": ChannelsLast}
    monkeypatch.setattr(zoo, "build", lambda name: made[name]())
    monkeypatch.setattr(zoo, "preprocessing", lambda _: Preprocessing(input_size=8))


def test_what_is_offered_is_there() -> None:
    assert tuple(PEERS) == OFFERED
    assert set(NETWORKS) <= set(zoo.names())
    for peer in PEERS.values():
        assert set(peer.methods) <= set(METHODS)
        package = peer.load()
        assert all(hasattr(package, theirs) for theirs in peer.methods.values())


@pytest.mark.usefixtures("tiny")
def test_a_row_against_every_peer() -> None:
    told: list[None] = []
    row = Bench("resnet-18", CPU, "eager").measure(
        "auto", OFFERED, rounds=1, watch=lambda: told.append(None)
    )
    assert (row.network, row.method, row.runtime, row.device) == ("resnet18", "cam", "eager", "cpu")
    assert list(row.times_faster_than) == list(row.peers_ms) == list(OFFERED)
    assert len(told) == 2 * 6  # the forward pass, one map, all maps, three peers
    assert row.ratio_to_forward > 0
    assert row.every_class_to_one is not None
    assert row.forward_ms.low <= row.forward_ms.median <= row.forward_ms.high
    for peer in OFFERED:
        times, timing = row.times_faster_than[peer], row.peers_ms[peer]
        assert times is not None
        assert timing is not None
        # one round: the ratio is that of the block medians
        assert times == pytest.approx(timing.median / row.ours_ms.median)
    assert row.as_dict()["ours_ms"] == {
        "median": row.ours_ms.median, "low": row.ours_ms.low, "high": row.ours_ms.high
    }  # fmt: skip


@pytest.mark.usefixtures("tiny")
def test_what_a_peer_lacks_and_what_has_no_closed_form_stay_empty() -> None:
    bench = Bench("resnet50", CPU, "eager")
    row = bench.measure("hires-cam", ("torchcam", "captum"), rounds=1)
    assert row.times_faster_than == row.peers_ms == {"torchcam": None, "captum": None}
    assert row.every_class_to_one is None
    # tokens, and layers that are no module of their own, peers cannot be pointed at
    for network in ("swin_t", "resnet34"):
        row = Bench(network, CPU, "eager").measure("grad-cam", ("torchcam",), rounds=1)
        assert row.times_faster_than == {"torchcam": None}
    with pytest.raises(MethodError, match="Attention rollout cannot serve"):
        bench.measure("attention-rollout")


def _maps(peer: str, method: str, network: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    call = PEERS[peer].call(Job(network, "features.1", x, method))
    assert call is not None
    made: Any = call()
    map_, scores = made
    if isinstance(map_, list):
        (map_,) = map_
    return torch.as_tensor(map_).detach().squeeze(), scores.detach()


@pytest.mark.parametrize("peer", OFFERED)
def test_peers_explain_the_most_probable_class(peer: str) -> None:
    network = Plain()
    x = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    map_, scores = _maps(peer, "cam", network, x)
    torch.testing.assert_close(scores, network(x).detach())
    best = int(scores.argmax())
    with torch.no_grad():
        expected = torch.einsum("k,khw->hw", network.fc.weight[best], network.features(x)[0])
    if peer == "pytorch-grad-cam":
        expected = expected.clamp_min(0)
    together = torch.stack([map_.float().flatten(), expected.flatten()])
    # normalised or divided by the number of cells, and one without what is negative
    assert float(torch.corrcoef(together)[0, 1]) > 0.99


def test_slow_peers_print_no_progress(capfd: pytest.CaptureFixture[str]) -> None:
    x = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    _maps("pytorch-grad-cam", "score-cam", Plain(), x)
    assert capfd.readouterr() == ("", "")


def test_a_network_that_does_not_exist_is_told() -> None:
    with pytest.raises(ModelError, match="camviewer models"):
        Bench("resnet1999", CPU)


def test_networks_of_clips_are_not_compared() -> None:
    with pytest.raises(ModelError, match="r3d_18 looks at clips"):
        Bench("R3D-18", CPU)


def test_a_peer_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> object:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(CamviewerError, match=r"pip install grad-cam.*--against"):
        PEERS["pytorch-grad-cam"].load()
    assert PEERS["captum"].call(Job(Plain(), "features.1", torch.zeros(1), "rise")) is None


def test_every_runtime_but_a_named_one_falls_back_to_eager(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = importlib.import_module("camviewer.bench.bench")
    asked: list[str] = []

    class Opened:
        automatic = None
        linear = None

        def __init__(self, *_: object, runtime: str) -> None:
            asked.append(runtime)
            self.runtime = runtime

        def run(self, *_: object) -> SimpleNamespace:
            if self.runtime == "onnx":
                raise MethodError("it disagrees")
            return SimpleNamespace()

    monkeypatch.setattr(zoo, "build", lambda _: Plain())
    monkeypatch.setattr(bench, "Explainer", Opened)
    Bench("resnet18", CPU)
    assert asked == ["onnx", "eager"]
