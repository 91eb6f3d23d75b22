"""Every classification network of the installed torchvision explains a picture."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import find_method
from camviewer.cam.methods.gradient import grad_cam
from camviewer.cam.split import Run
from camviewer.cam.targets import classes
from camviewer.inspector import Inspector, Request
from camviewer.models import zoo
from camviewer.models.classifier import Classifier
from camviewer.models.preprocess import Preprocessing
from camviewer.types import Frame

pytestmark = pytest.mark.long

_CLASSES = 10
_GRADIENT_ONLY = ("alexnet", "convnext", "maxvit", "mobilenet_v3", "vgg", "vit")
_SMALLEST = {"maxvit_t": 224, "inception_v3": 160}
_TILE = torch.randn(1 << 16, generator=torch.Generator().manual_seed(0))


def side(name: str) -> int:
    return _SMALLEST.get(name, 56 if name == "vit_h_14" else 64)


def network(name: str) -> nn.Module:
    """The network with cheap random weights of the usual spread (building them takes minutes).

    Parameters of one shape are one tensor: the largest networks have gigabytes of them.
    """
    built = zoo.skeleton(name, _CLASSES, side(name))
    made: dict[torch.Size, nn.Parameter] = {}
    for module in built.modules():
        for key, parameter in list(module.named_parameters(recurse=False)):
            if parameter.is_meta or (key == "weight" and parameter.ndim > 1):
                shape = parameter.shape
                if shape not in made:
                    made[shape] = nn.Parameter(tiled(parameter), requires_grad=False)
                module.register_parameter(key, made[shape])
        for key, buffer in list(module.named_buffers(recurse=False)):
            assert not buffer.is_meta, key
    return built


def tiled(parameter: torch.Tensor) -> torch.Tensor:
    count = parameter.numel()
    fan_in = count // parameter.shape[0] if parameter.ndim > 1 else count
    values = _TILE * math.sqrt(2 / max(fan_in, 1))
    return values.repeat(count // len(_TILE) + 1)[:count].reshape(parameter.shape)


def classifier(name: str) -> Classifier:
    published = zoo.preprocessing(name)
    size = side(name)
    return Classifier(
        name=name,
        network=network(name),
        labels=tuple(f"class {i}" for i in range(_CLASSES)),
        preprocessing=Preprocessing(
            published.mean, published.std, size, size, fixed_size=published.fixed_size
        ),
    )


FRAME = Frame(
    np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8), source="noise"
)


@pytest.mark.parametrize("name", zoo.names())
def test_every_network_explains_a_picture(name: str) -> None:
    inspector = Inspector(classifier(name), "cpu")
    inspection = inspector.inspect(FRAME, Request(top=2))
    best = inspection.explanations[0]
    assert inspection.origin.method == ("grad-cam" if name.startswith(_GRADIENT_ONLY) else "cam")
    assert min(best.heatmap.values.shape) > 1
    assert np.isfinite(best.heatmap.values).all()
    assert np.ptp(best.heatmap.values) > 0
    assert best.heatmap.target == inspection.ranking[0]
    if inspection.origin.method == "cam":
        assert_exact(
            inspector, best.heatmap.values, inspection.predictions[best.heatmap.target].logit
        )
    for box in best.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= 120 + 1e-6
        assert box.y + box.height <= 90 + 1e-6


def assert_exact(inspector: Inspector, values: np.ndarray, logit: float) -> None:
    """The mean of the map plus the bias is the logit, to 1e-4 of its size."""
    run = inspector._seen.run
    assert run.linear is not None
    bias = 0.0 if run.linear.bias is None else float(run.linear.bias[best_class(run)])
    assert values.mean(dtype=np.float64) + bias == pytest.approx(logit, rel=1e-4, abs=1e-4)


def best_class(run: Run) -> int:
    return int(run.logits.argmax())


@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenet_v2", "squeezenet1_0", "densenet121", "swin_t"]
)
def test_cam_equals_grad_cam_after_normalising(name: str) -> None:
    explainer = Explainer(classifier(name).network, 64, torch.device("cpu"))
    run = explainer.run(torch.randn(1, 3, 96, 128), explainer.automatic)
    targets = classes(*run.logits[0].topk(3).indices.tolist())
    exact = find_method("auto", run).maps(run, targets)
    gradient = grad_cam(run, targets)
    scale = exact.abs().amax((1, 2), keepdim=True)
    torch.testing.assert_close(
        gradient / gradient.abs().amax((1, 2), keepdim=True), exact / scale, rtol=1e-4, atol=1e-4
    )
