"""What is changed in an exported graph so that ONNX Runtime makes more of it."""

from __future__ import annotations

from typing import Any

from camviewer.cam.runtimes.onnx import HEIGHT, WIDTH

_RANK = 4
_SPATIAL = ((-2, -1), (2, 3))


def prepare(model: Any) -> None:
    """Change a model with one input ``(1, 3, height, width)`` in place.

    The dimensions that are open are called `HEIGHT` and `WIDTH`. Means over rows and columns become
    global average pooling, which ONNX Runtime computes in the layout that its convolutions have;
    for means everything is brought into another layout and back.

    Args:
        model: an ``onnx.ModelProto``.
    """
    graph = model.graph
    for place, name in ((2, HEIGHT), (3, WIDTH)):
        dimension = graph.input[0].type.tensor_type.shape.dim[place]
        if dimension.dim_param:
            dimension.dim_param = name
    constants = {tensor.name: tensor for tensor in graph.initializer}
    pictures = {v.name for v in graph.value_info if len(v.type.tensor_type.shape.dim) == _RANK}
    del graph.value_info[:]  # in terms of the old names
    for node in graph.node:
        del node.metadata_props[:]  # they tell where our source lies on this disk
        if _is_pooling(node, constants) and node.input[0] in pictures:
            node.op_type = "GlobalAveragePool"
            del node.input[1:]
            del node.attribute[:]


def _is_pooling(node: Any, constants: dict[str, Any]) -> bool:
    from onnx import numpy_helper

    if node.op_type != "ReduceMean" or len(node.input) < 2 or node.input[1] not in constants:
        return False
    axes = numpy_helper.to_array(constants[node.input[1]]).tolist()
    keeping = all(a.i == 1 for a in node.attribute if a.name == "keepdims")
    return keeping and tuple(sorted(axes)) in _SPATIAL
