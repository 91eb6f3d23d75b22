"""The whole of torchvision's catalogue is known, and is built as torchvision builds it."""

import math

import pytest
import torch
import torchvision.models

from camviewer.models import zoo


def test_every_classification_network_of_torchvision_is_there() -> None:
    names = zoo.names()
    assert len(names) >= 80
    assert list(names) == torchvision.models.list_models(module=torchvision.models)
    assert {"resnet18", "vgg16_bn", "vit_b_16", "swin_v2_t", "maxvit_t", "squeezenet1_0"} <= {
        *names
    }


@pytest.mark.parametrize("name", zoo.names())
def test_every_network_is_laid_out_without_memory(name: str) -> None:
    """Its head, its parameters and its preprocessing are those of its weights."""
    weights = zoo.weights_of(name)
    assert weights is not None
    transforms = weights.transforms()
    expected = zoo.preprocessing(name)
    assert [expected.input_size] == transforms.crop_size
    assert [expected.resize_size] == transforms.resize_size
    assert [*expected.mean] == transforms.mean
    assert [*expected.std] == transforms.std
    assert expected.interpolation == transforms.interpolation.value
    assert expected.fixed_size is name.startswith(("vit", "maxvit"))
    assert zoo.labels(name) == tuple(weights.meta["categories"])

    shapes = zoo.shapes(name)
    head = zoo.head_of(name)
    assert shapes[head][0] == 1000
    network = zoo.skeleton(name, 7)
    state = network.state_dict()
    heads = {k: shape for k, shape in shapes.items() if tuple(state[k].shape) != shape}
    assert head in heads
    assert heads.keys() <= {head, head.removesuffix("weight") + "bias"}
    assert sum(p.numel() for p in network.parameters() if not p.is_meta) < 200_000
    if name not in ("googlenet", "inception_v3"):  # theirs are counted with auxiliary heads
        per_class = sum(math.prod(shape[1:]) for shape in heads.values())
        learnt = sum(p.numel() for p in network.parameters())
        assert learnt == weights.meta["num_params"] - 993 * per_class


def test_no_two_networks_have_the_same_names_and_shapes() -> None:
    layouts = {tuple(sorted(zoo.shapes(name).items())) for name in zoo.names()}
    assert len(layouts) == len(zoo.names())


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_inceptions_have_no_auxiliary_heads_and_convert_their_input(name: str) -> None:
    """As torchvision builds them for its weights: x * (0.229 / 0.5) + (0.485 - 0.5) / 0.5, ..."""
    network = zoo.skeleton(name, 3)
    assert network.transform_input
    assert not [key for key in network.state_dict() if "aux" in key.lower()]
    converted = network._transform_input(  # type: ignore[operator]
        torch.zeros(1, 3, 4, 4)
    )[0, :, 0, 0]
    torch.testing.assert_close(converted, torch.tensor([-0.03, -0.088, -0.188]))
    assert not zoo.skeleton(name, 3, rescale=False).transform_input


def test_build_gives_random_weights_and_the_classes_asked_for() -> None:
    network = zoo.build("mobilenet_v3_small", 11).eval()
    with torch.no_grad():
        logits = network(torch.rand(2, 3, 64, 64))
    assert logits.shape == (2, 11)
    assert logits.std() > 0


def test_vision_transformers_are_built_for_their_weights_or_another_size() -> None:
    assert zoo.shapes("vit_h_14")["encoder.pos_embedding"] == (1, 37 * 37 + 1, 1280)
    small = zoo.skeleton("vit_b_32", 2, image_size=64)
    assert small.state_dict()["encoder.pos_embedding"].shape == (1, 5, 768)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("resnet18", "resnet18"),
        ("ResNet-18", "resnet18"),
        (" VGG16_BN ", "vgg16_bn"),
        ("vit-b-16", "vit_b_16"),
        ("regnet_x_16gf", "regnet_x_16gf"),
        ("regnet_x_1_6gf", "regnet_x_1_6gf"),
        ("regnetx16gf", None),
        ("resnet19", None),
        ("", None),
    ],
)
def test_canonical(written: str, name: str | None) -> None:
    assert zoo.canonical(written) == name


@pytest.mark.parametrize("name", ["densenet121", "googlenet", "squeezenet1_1"])
def test_the_least_size_is_enough(name: str) -> None:
    side = zoo.preprocessing(name).min_size
    assert side > 1
    with torch.no_grad():
        assert zoo.build(name, 2).eval()(torch.rand(1, 3, side, side)).shape == (1, 2)
