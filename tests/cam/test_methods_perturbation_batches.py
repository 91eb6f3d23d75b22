"""Many pictures through one network: fast, with the same scores, and nothing left behind."""

import gc
from collections.abc import Iterator

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import METHODS
from camviewer.cam.methods.perturbation import batches
from camviewer.cam.methods.perturbation.batches import prepare, takes_batches
from camviewer.cam.targets import classes
from camviewer.errors import CancelledError
from tests.cam.networks import Branching, Residual, frozen

CPU = torch.device("cpu")
OURS = ["score-cam", "ss-cam", "is-cam", "ablation-cam", "occlusion", "rise"]


class OneAtATime(nn.Module):
    """Loses all pictures but the first: a program written, or exported, for one."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.conv = nn.Conv2d(3, 4, 3)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.relu(self.conv(x)).square().mean((2, 3))[:1])


@pytest.fixture
def mobilenet() -> nn.Module:
    torch.manual_seed(0)
    return frozen(torchvision.models.mobilenet_v2(num_classes=5))


def norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_batch_norms_are_folded_in_a_copy_that_scores_the_same(mobilenet: nn.Module) -> None:
    explainer = Explainer(mobilenet, 32, CPU)
    run = explainer.run(torch.randn(1, 3, 32, 32), explainer.automatic)
    ready = prepare(run)
    called = {n.target for n in ready.run.network.graph.nodes if n.op == "call_module"}
    kinds = {type(ready.run.network.get_submodule(str(name))) for name in called}
    assert nn.BatchNorm2d not in kinds
    assert norms(mobilenet) == 52
    assert mobilenet.features[0][0].weight.is_contiguous()
    pictures = torch.randn(3, 3, 32, 32)
    scores = ready.run.of_pictures(pictures, classes(0, 4))
    torch.testing.assert_close(scores, mobilenet(pictures)[:, [0, 4]].T, rtol=1e-4, atol=1e-6)
    assert ready.at_once == 8
    assert prepare(run).run.network is ready.run.network  # once for all pictures


def test_a_network_that_would_no_longer_compute_the_same_is_used_as_it_is(
    mobilenet: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    explainer = Explainer(mobilenet, 32, CPU)
    run = explainer.run(torch.randn(1, 3, 32, 32), explainer.automatic)

    monkeypatch.setattr(batches, "packed", lambda network: nn.Sequential(network, nn.Softmax(1)))
    assert prepare(run).run.network is run.network


def test_a_network_that_is_gone_leaves_no_prepared_copy(mobilenet: nn.Module) -> None:
    gc.collect()
    before = len(batches._PLANS)
    explainer = Explainer(mobilenet, 32, CPU)
    prepare(explainer.run(torch.randn(1, 3, 32, 32), explainer.automatic))
    assert len(batches._PLANS) == before + 1
    del explainer
    gc.collect()
    assert len(batches._PLANS) == before


@pytest.mark.parametrize("name", ["score-cam", "ablation-cam"])
def test_networks_for_one_picture_are_given_one_at_a_time(name: str) -> None:
    network = frozen(OneAtATime())
    explainer = Explainer(network, 6, CPU)
    run = explainer.run(torch.randn(1, 3, 6, 6), explainer.layer("relu"))
    assert not takes_batches(network, run.picture)
    assert prepare(run).at_once == 1
    assert len(list(METHODS[name].steps(run, classes(1)))) == 4  # one channel after the other


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize(("make", "layer"), [(Residual, "stem"), (Branching, "inner.stem")])
def test_a_cancelled_method_leaves_no_hook(name: str, make: type[nn.Module], layer: str) -> None:
    network = frozen(make())
    explainer = Explainer(network, 8, CPU)
    run = explainer.run(torch.randn(1, 3, 8, 8), explainer.layer(layer))
    calls = 0

    def cancel(_module: nn.Module, _inputs: object) -> None:
        nonlocal calls
        calls += 1
        if calls > 7:
            raise CancelledError("The inspection was cancelled.")

    handle = register_module_forward_pre_hook(cancel)
    try:
        with pytest.raises(CancelledError):
            METHODS[name].maps(run, classes(0))
    finally:
        handle.remove()
    for module in [*network.modules(), *run.network.modules()]:
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
    assert METHODS[name].maps(run, classes(0)).isfinite().all()


@pytest.mark.parametrize("name", OURS)
def test_a_method_left_halfway_leaves_no_hook(name: str) -> None:
    network = frozen(Branching())
    explainer = Explainer(network, 8, CPU)
    run = explainer.run(torch.randn(1, 3, 8, 8), explainer.layer("inner.stem"))
    steps = METHODS[name].steps(run, classes(0))
    assert isinstance(steps, Iterator)
    next(steps)
    del steps
    assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize("name", OURS)
def test_progress_grows_to_one(name: str) -> None:
    explainer = Explainer(frozen(Residual()), 8, CPU)
    run = explainer.run(torch.randn(1, 3, 8, 12), explainer.layer("stem"))
    partials = list(METHODS[name].steps(run, classes(0, 1, 2)))
    done = [partial.done for partial in partials]
    assert done == sorted(set(done))
    assert done[0] > 0
    assert done[-1] == 1
    assert all(len(partial.maps) == 3 for partial in partials)
    final = METHODS[name].maps(run, classes(0, 1, 2))
    torch.testing.assert_close(partials[-1].maps, final, rtol=0, atol=0)
    assert METHODS[name].slow


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("name", [*OURS, "eigen-cam", "eigen-grad-cam", "kpca-cam", "dff"])
def test_a_gpu_gives_the_same_maps(name: str, mobilenet: nn.Module) -> None:
    picture = torch.randn(1, 3, 64, 64)
    maps = []
    for device in (CPU, torch.device("cuda")):
        explainer = Explainer(mobilenet, 64, device)
        run = explainer.run(picture, explainer.layer("features.3"))
        maps.append(METHODS[name].maps(run, classes(0, 1)).cpu())
    scale = maps[0].abs().max()
    torch.testing.assert_close(maps[1] / scale, maps[0] / scale, rtol=0, atol=1e-2)
