"""What ONNX Runtime is given, and sessions of one size."""

from typing import Any

import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from camviewer.cam.runtimes import graph
from camviewer.cam.runtimes import onnx as runner
from camviewer.cam.runtimes.onnx import OnnxRunner

ROWS_AND_COLUMNS = torch.tensor([-1, -2]).numpy()


def model(rank: int = 4, axes: Any = ROWS_AND_COLUMNS, keepdims: int = 1) -> onnx.ModelProto:
    """Negates a picture ``(1, 3, s84, s32)``, adds axes in front, and takes a mean."""
    shape: list[str | int | None] = [1, 3, "s84", "s32"]
    inner: list[str | int | None] = [*[1] * (rank - 4), *shape]
    nodes = [
        helper.make_node("Neg", ["picture"], ["negative"]),
        helper.make_node("Unsqueeze", ["negative", "front"], ["unsqueezed"])
        if rank > 4
        else helper.make_node("Identity", ["negative"], ["unsqueezed"]),
        helper.make_node("ReduceMean", ["unsqueezed", "axes"], ["mean"], keepdims=keepdims),
    ]
    made = helper.make_graph(
        nodes,
        "trunk",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("mean", TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(axes, "axes"),
            numpy_helper.from_array(torch.arange(rank - 4).numpy(), "front"),
        ],
        value_info=[helper.make_tensor_value_info("unsqueezed", TensorProto.FLOAT, inner)],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@pytest.mark.parametrize(
    ("changes", "operation"),
    [
        ({}, "GlobalAveragePool"),
        ({"axes": torch.tensor([2, 3]).numpy()}, "GlobalAveragePool"),
        ({"axes": torch.tensor([1, 2]).numpy()}, "ReduceMean"),
        ({"keepdims": 0}, "ReduceMean"),
        ({"rank": 5}, "ReduceMean"),  # where that pooling takes the mean over three axes
    ],
)
def test_means_over_rows_and_columns_become_pooling(
    changes: dict[str, Any], operation: str
) -> None:
    prepared = model(**changes)
    graph.prepare(prepared)
    assert prepared.graph.node[-1].op_type == operation
    picture = torch.arange(24.0).view(1, 3, 2, 4)
    (found,) = OnnxRunner(prepared.SerializeToString())(picture)
    (expected,) = OnnxRunner(model(**changes).SerializeToString())(picture)
    torch.testing.assert_close(found, expected)


def test_open_dimensions_have_their_names_and_nothing_of_this_disk_is_kept() -> None:
    prepared = model()
    prepared.graph.node[0].metadata_props.add(key="stack", value="/home/somebody")
    graph.prepare(prepared)
    shape = prepared.graph.input[0].type.tensor_type.shape.dim
    assert [d.dim_param or d.dim_value for d in shape] == [1, 3, "height", "width"]
    assert b"somebody" not in prepared.SerializeToString()


class Sessions:
    """Which sessions were made, and what the second one computes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, second: onnx.ModelProto) -> None:
        self.made: list[tuple[int, int] | None] = []
        self._make, self._second = runner._session, second.SerializeToString()
        monkeypatch.setattr(runner, "_session", self)

    def __call__(self, content: bytes, size: tuple[int, int] | None = None) -> Any:
        self.made.append(size)
        return self._make(self._second if size else content, size)


def prepared(changed: bool = False) -> onnx.ModelProto:
    made = model()
    if changed:
        made.graph.node[0].op_type = "Abs"
    graph.prepare(made)
    return made


def means(size: tuple[int, int], count: int, network: OnnxRunner) -> list[Tensor]:
    pictures = [torch.full((1, 3, *size), float(number)) for number in range(1, count + 1)]
    return [network(picture)[0].flatten()[0] for picture in pictures]


def test_a_size_that_comes_again_and_again_gets_its_own_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sessions = Sessions(monkeypatch, prepared())
    content = prepared().SerializeToString()
    network = OnnxRunner(content, lambda: content)
    assert means((4, 6), 7, network) == [-1, -2, -3, -4, -5, -6, -7]
    assert means((2, 2), 7, network) == [-1, -2, -3, -4, -5, -6, -7]
    assert sessions.made == [None]
    assert means((4, 6), 9, network)[-2:] == [-8, -9]
    assert sessions.made == [None, (4, 6)]
    assert network._fixed.get_inputs()[0].shape == [1, 3, 4, 6]
    assert means((3, 4), 1, network) == [-1]
    assert network._fixed is None


@pytest.mark.parametrize("trouble", ["other bits", "gone", "large", "damaged"])
def test_a_session_of_one_size_is_only_used_where_it_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    Sessions(monkeypatch, prepared(changed=trouble == "other bits"))
    content = prepared().SerializeToString()
    if trouble == "large":
        monkeypatch.setattr(runner, "_LARGEST", len(content) - 1)
    if trouble == "damaged":
        monkeypatch.setattr(runner, "_session", _fails_for_a_size(runner._session))
    network = OnnxRunner(content, lambda: None if trouble == "gone" else content)
    assert means((4, 6), 9, network) == [-n for n in range(1, 10)]
    assert network._fixed is None


def _fails_for_a_size(make: Any) -> Any:
    def session(content: bytes, size: tuple[int, int] | None = None) -> Any:
        return make(b"no model" if size else content)

    return session
