"""A state_dict finds its network, under whatever names and wrappers it was saved."""

import collections
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from camviewer.errors import ModelError, WeightsMismatchError
from camviewer.models import checkpoint, statedict, zoo
from camviewer.models.statedict import StateDict
from camviewer.models.weightfile import Contents
from tests.models.files import CLASSES, SMALL, same_output, small_network, small_state, with_prefix


def fit(tensors: Mapping[str, Tensor], name: str = SMALL) -> nn.Module:
    fitted = checkpoint.fit(name, tensors, "net.pth")
    return fitted.network.eval()


def find(value: Any, metadata: Mapping[str, str] | None = None) -> StateDict:
    found = statedict.find(Contents(value, metadata or {}), "net.pth")
    assert isinstance(found, StateDict)
    return found


def test_the_number_of_classes_is_read_from_the_head() -> None:
    fitted = checkpoint.fit(SMALL, small_state(), "net.pth")
    assert fitted.num_classes == CLASSES
    assert fitted.image_size is None
    assert same_output(fitted.network.eval(), small_network())


@pytest.mark.parametrize(
    "name", ["squeezenet1_1", "mobilenet_v2", "mnasnet0_5", "efficientnet_b0", "googlenet"]
)
def test_heads_of_every_kind(name: str) -> None:
    network = zoo.build(name, 3).eval()
    fitted = checkpoint.fit(name, dict(network.state_dict()), "net.pth")
    assert fitted.num_classes == 3
    assert same_output(fitted.network.eval(), network)


@pytest.mark.parametrize(
    "prefix",
    ["module.", "model.", "backbone.", "net.", "_orig_mod.", "module._orig_mod.", "a.b.model."],
)
def test_prefixes_are_seen_through(prefix: str) -> None:
    saved = find(with_prefix(prefix, small_state()))
    assert same_output(fit(saved.tensors), small_network())


def test_what_lies_beside_the_network_is_left_out() -> None:
    state = small_state()
    zeros = {key: torch.zeros_like(tensor) for key, tensor in list(state.items())[:9]}
    saved = {
        "criterion.weight": torch.ones(CLASSES),
        **with_prefix("model.", state),
        **with_prefix("teacher.", zeros),
        "n_averaged": torch.tensor(3),
    }
    assert same_output(fit(saved), small_network())


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: s,
        lambda s: {"state_dict": s, "epoch": 3, "optimizer": {"state": {0: torch.ones(2)}}},
        lambda s: {"model": s, "model_ema": {"n_averaged": torch.tensor(1)}},
        lambda s: {"model_state_dict": s, "loss": torch.tensor(0.1)},
        lambda s: {"model": "shufflenet", "net": s},
        lambda s: {"ema": {"state_dict": with_prefix("module.", s)}},
        lambda s: {"model_ema": with_prefix("module.", s) | {"n_averaged": torch.tensor(9)}},
        lambda s: collections.OrderedDict(s, epoch=7),
    ],
    ids=["bare", "state_dict", "model", "model_state_dict", "named", "ema", "model_ema", "flat"],
)
def test_wrappers_are_seen_through(wrap: Any) -> None:
    assert same_output(fit(find(wrap(small_state())).tensors), small_network())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_become_single(dtype: torch.dtype) -> None:
    state = {k: v.to(dtype) if v.is_floating_point() else v for k, v in small_state().items()}
    network = fit(state)
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    weight = network.state_dict()["conv1.0.weight"]
    torch.testing.assert_close(weight, state["conv1.0.weight"].float(), atol=0, rtol=0)


def test_batch_counters_may_be_missing() -> None:
    state = {k: v for k, v in small_state().items() if not k.endswith("num_batches_tracked")}
    assert same_output(fit(state), small_network())


def test_tables_that_networks_compute_may_be_missing() -> None:
    network = zoo.build("swin_t", 2).eval()
    state = {k: v for k, v in network.state_dict().items() if "relative_position_index" not in k}
    assert same_output(fit(state, "swin_t"), network)


def test_auxiliary_heads_are_left_out() -> None:
    network = zoo.build("googlenet", 2).eval()
    state = {**network.state_dict(), "aux1.fc2.weight": torch.ones(2, 1024)}
    assert same_output(fit(state, "googlenet"), network)


def test_old_names_of_densenet() -> None:
    network = zoo.build("densenet121", 2).eval()
    old = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", key): tensor
        for key, tensor in network.state_dict().items()
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    assert same_output(fit(find(old).tensors, "densenet121"), network)


@pytest.mark.parametrize("head", ["fc.1.", "fc.0.", "fc.linear."])
def test_a_linear_layer_under_another_name_of_the_head(head: str) -> None:
    """`network.fc = nn.Sequential(nn.Dropout(), nn.Linear(...))`"""
    state = {key.replace("fc.", head): tensor for key, tensor in small_state().items()}
    assert head + "weight" in state
    assert same_output(fit(state), small_network())


def test_a_head_of_two_layers_is_refused() -> None:
    state = small_state()
    features = state.pop("fc.weight").shape[1]
    state.pop("fc.bias")
    state |= {"fc.0.weight": torch.ones(8, features), "fc.2.weight": torch.ones(CLASSES, 8)}
    with pytest.raises(WeightsMismatchError) as failure:
        fit(state)
    assert str(failure.value) == (
        f"net.pth does not fit {SMALL}: missing: fc.weight, fc.bias; not expected: fc.0.weight, "
        f"fc.2.weight. Apart from that they are {SMALL}'s: was the network changed before training?"
    )


def test_the_input_size_of_a_transformer_is_read_from_its_positions() -> None:
    state = zoo.skeleton("vit_b_32", 2, image_size=64).state_dict()
    state = {key: torch.zeros(tensor.shape) for key, tensor in state.items()}
    fitted = checkpoint.fit("vit_b_32", state, "net.pth")
    assert fitted.image_size == 64
    assert fitted.network.eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 2)
    state["encoder.pos_embedding"] = torch.zeros(1, 7, 768)
    with pytest.raises(WeightsMismatchError, match=r"pos_embedding is \(1, 7, 768\) instead of"):
        checkpoint.fit("vit_b_32", state, "net.pth")


def abstract_state(name: str) -> dict[str, Tensor]:
    return dict(zoo.skeleton(name).state_dict())


def test_a_mismatch_names_keys_and_the_network_that_fits() -> None:
    with pytest.raises(WeightsMismatchError) as failure:
        fit(abstract_state("resnet34"), "resnet18")
    assert str(failure.value) == (
        "net.pth does not fit resnet18: not expected: layer1.2.conv1.weight, layer1.2.bn1.weight, "
        "layer1.2.bn1.bias and 77 more. These look like the weights of resnet34: choose that model."
    )


def test_a_mismatch_names_both_shapes() -> None:
    with pytest.raises(WeightsMismatchError) as failure:
        fit(abstract_state("wide_resnet50_2"), "resnet50")
    assert (
        "of another shape: layer1.0.conv1.weight is (128, 64, 1, 1) instead of (64, 64, 1, 1), "
        "layer1.0.bn1.weight is (128,) instead of (64,)"
    ) in str(failure.value)
    assert "These look like the weights of wide_resnet50_2" in str(failure.value)


def test_a_mismatch_with_everything() -> None:
    with pytest.raises(WeightsMismatchError) as failure:
        fit({"encoder.weight": torch.ones(2, 2)}, "alexnet")
    assert str(failure.value) == (
        "net.pth does not fit alexnet: missing: features.0.weight, features.0.bias, "
        "features.3.weight and 13 more; not expected: encoder.weight. They resemble no network of "
        "torchvision."
    )


@pytest.mark.parametrize(
    "name", ["alexnet", "resnet50", "densenet201", "inception_v3", "maxvit_t", "vit_l_32", "vgg13"]
)
def test_guess(name: str) -> None:
    state = {k: v for k, v in abstract_state(name).items() if not k.endswith("tracked")}
    assert checkpoint.guess(with_prefix("module.", state)) == name


def test_guess_sees_through_a_changed_head_and_knows_its_limits() -> None:
    state = {key.replace("fc.", "head."): t for key, t in abstract_state("resnet101").items()}
    assert checkpoint.guess(state) == "resnet101"
    assert checkpoint.guess({"conv1.weight": torch.zeros(64, 3, 7, 7)}) is None
    assert checkpoint.guess({}) is None


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.full((CLASSES,), float("nan")), "not finite in fc.bias"),
        (torch.full((CLASSES,), float("inf")), "not finite in fc.bias"),
        (torch.ones(CLASSES, dtype=torch.int8), "holds fc.bias as int8"),
        (torch.ones(CLASSES, dtype=torch.complex64), "holds fc.bias as complex64"),
        (torch.ones(CLASSES).to_sparse(), "sparse"),
        (torch.ones(CLASSES, device="meta"), "plain floating-point numbers"),
        (torch.ones(1).expand(CLASSES), "claims more numbers than the file holds"),
    ],
)
def test_odd_numbers_are_refused(tensor: Tensor, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        fit(small_state() | {"fc.bias": tensor})


@pytest.mark.parametrize("shape", [(), (0, 1024), (5,)])
def test_odd_heads_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(WeightsMismatchError, match=r"fc\.weight is"):
        fit(small_state() | {"fc.weight": torch.zeros(shape)})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "a mapping with nothing in it"),
        ({"epoch": 3, "optimizer": {}}, "a mapping with epoch, optimizer"),
        ([torch.ones(2)], "a list"),
        (torch.ones(2), "a Tensor"),
        ({1: torch.ones(2)}, "a mapping with 1"),
        (np.ones(3), "a ndarray"),
    ],
)
def test_files_without_weights_say_what_they_hold(value: Any, message: str) -> None:
    with pytest.raises(ModelError, match=f"net.pth holds {message}, in which no weights"):
        find(value)


def test_a_mapping_that_holds_itself_ends() -> None:
    endless: dict[str, Any] = {"epoch": 1}
    endless["model"] = endless
    with pytest.raises(ModelError, match="no weights were found"):
        find(endless)


def test_whole_modules_are_handed_on() -> None:
    network = nn.Linear(1, 1)
    assert statedict.find(Contents({"model": network}), "net.pth") is network


@pytest.mark.parametrize(
    ("value", "architecture"),
    [
        ({"arch": "resnet18"}, "resnet18"),
        ({"model": "resnet34", "hyper_parameters": {"lr": 1}}, "resnet34"),
        ({"config": {"architecture": "vgg16 "}}, "vgg16"),
        ({"epoch": 3}, None),
    ],
)
def test_what_files_call_their_network(value: dict[str, Any], architecture: str | None) -> None:
    assert find(value | {"state_dict": small_state()}).architecture == architecture


def test_what_files_call_their_network_and_classes_in_metadata() -> None:
    found = find(small_state(), {"model_name": "resnet18", "classes": '["cat", "dog"]'})
    assert found.architecture == "resnet18"
    assert found.labels == ["cat", "dog"]
    assert find(small_state(), {"classes": "[[["}).labels is None
