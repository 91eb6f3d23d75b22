"""Networks are cut by depth, and get new heads, without knowing them."""

import pytest
import torch
from torch import nn

from camviewer.errors import ModelError
from camviewer.models import gap, zoo
from camviewer.models.starter_net import StarterNet
from camviewer.teach.deep import fresh_head, stages
from camviewer.teach.deep.learner import Learner
from camviewer.teach.deep.options import Options
from tests.teach.things import small

_ONE_OF_EACH = (
    *("alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3"),
    *("maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "regnet_y_400mf"),
    *("resnet50", "shufflenet_v2_x0_5", "squeezenet1_1", "swin_t", "swin_v2_t", "vgg11_bn"),
    "vit_b_16",
)


def blocks(names: tuple[str, ...], depth: int = 1) -> list[str]:
    return list(dict.fromkeys(".".join(name.split(".")[:depth]) for name in names))


def test_the_stages_of_residual_networks_are_their_own() -> None:
    found = [blocks(names) for names in stages(zoo.skeleton("resnet18"))]
    assert found == [["conv1", "bn1", "layer1"], ["layer2"], ["layer3"], ["layer4"], ["fc"]]
    found = [blocks(names) for names in stages(StarterNet(3))]
    assert found == [["stem", "layer1"], ["layer2"], ["layer3"], ["layer4"], ["fc"]]


def test_scales_go_with_their_convolution() -> None:
    found = [blocks(names) for names in stages(small().network)]
    assert found == [["first"], ["second"], ["third"], ["fc"]]


def test_convolutions_of_vgg_are_shared_out() -> None:
    with torch.device("meta"):
        found = stages(gap.build("vgg16-gap", 2))
    layers = [len(blocks(names, 2)) for names in found]
    assert layers[-1] == 2  # the head's weight and bias
    assert [len(names) // 2 for names in found] == [3, 4, 3, 4, 1]
    assert found[3][-2:] == ("conv.weight", "conv.bias")


@pytest.mark.parametrize("name", _ONE_OF_EACH)
def test_every_parameter_is_in_one_stage_and_the_head_is_the_last(name: str) -> None:
    network = zoo.skeleton(name, 5)
    found = stages(network)
    everything = [name for names in found for name in names]
    assert sorted(everything) == sorted(dict(network.named_parameters()))
    assert found[-1][0] == zoo.head_of(name)
    assert 3 <= len(found) <= 5
    layers = [len(blocks(names, 20)) for names in found[:-1]]
    assert max(layers) < 0.7 * sum(layers)


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "mobilenet_v3_small"])
def test_a_fresh_head_takes_all_classes_for_equally_likely(name: str) -> None:
    network = zoo.build(name, 9)
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    made = fresh_head(network, 4)
    with torch.no_grad():
        logits = made(torch.randn(2, 3, 64, 64))
    assert torch.equal(logits, torch.zeros(2, 4))
    after = network.state_dict()
    assert all(torch.equal(after[key], tensor) for key, tensor in before.items())
    head = zoo.head_of(name).removesuffix("weight")
    kept = {key: v for key, v in made.state_dict().items() if not key.startswith(head)}
    assert all(torch.equal(tensor, before[key]) for key, tensor in kept.items())


def test_a_network_that_ends_otherwise_is_refused() -> None:
    ending = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.LayerNorm(8))
    for ask in (stages, lambda network: fresh_head(network, 2)):
        with pytest.raises(ModelError, match="Sequential does not end in a linear layer"):
            ask(ending)


def test_early_stages_learn_slower() -> None:
    """The first step of Adam changes each number by the rate, whatever its gradient."""
    options = Options(stages=2, rate=1e-2, head_rate=3e-2, falling=0.5, decay=0)
    learner = Learner(small(), options, torch.device("cpu"), 4)
    before = learner.numbers()
    learner.start()
    pictures = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    learner.learn([(pictures, torch.eye(2).repeat(2, 1))], 4, 0.5)
    after = learner.numbers()
    assert "first.0.weight" not in after
    for name, rate in (("fc.weight", 3e-2), ("third.0.weight", 1e-2), ("second.0.weight", 5e-3)):
        change = float((after[name] - before[name]).abs().max())
        assert change == pytest.approx(rate / 2, rel=1e-2), name
