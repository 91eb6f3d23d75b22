"""Converted AlexNet and VGG learn from scratch what is in a picture, and then show where."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods.linear import cam
from camviewer.cam.targets import ClassTarget
from camviewer.models import gap, zoo
from camviewer.models import taught as taught_file
from camviewer.models.classifier import Classifier
from camviewer.teach import teaching
from camviewer.teach.deep import Options, fine_tune
from tests.benchmarks.bench_gap import pointed, taught
from tests.teach.things import CLASSES, draw

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    ("name", "side", "epochs", "rate"), [("alexnet-gap", 128, 10, 1e-4), ("vgg11-gap", 64, 6, 2e-4)]
)
def test_taught_with_class_names_only_it_finds_the_thing(
    tmp_path: Path, name: str, side: int, epochs: int, rate: float
) -> None:
    task, made = taught(tmp_path, name, side, epochs, rate)
    best = made.epochs[made.best]
    assert best.accuracy == 1
    assert best.held_out_loss < 0.3 * made.epochs[0].held_out_loss
    assert pointed(task, made.classifier, side) >= 0.5  # at random 0.13


def test_what_was_taught_upon_a_converted_network_goes_deeper_and_into_a_file(
    tmp_path: Path,
) -> None:
    dataset, _ = draw(tmp_path, 8, 64, 2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        published = zoo.build("alexnet")
    expected = replace(zoo.preprocessing("alexnet"), input_size=64, resize_size=64)
    before = Classifier("alexnet", published, zoo.labels("alexnet"), expected)
    converted = gap.classifier(before, CLASSES)
    assert (converted.name, converted.preprocessing.min_size) == ("alexnet-gap", 31)
    quick = teaching.Options(input_size=64, cache=tmp_path / "cache")
    fast = teaching.teach(dataset, converted, quick)
    options = Options(epochs=4, rate=1e-5, head_rate=1e-4, batch=4)
    deep = fine_tune(fast.classifier, fast.dataset, fast.split, options, device="cpu")
    old, new = (c.network.state_dict() for c in (fast.classifier, deep.classifier))
    changed = {name for name in old if not torch.equal(old[name], new[name])}
    assert deep.best > 0
    assert {"fc.weight", "trunk.conv.weight"} <= changed
    assert "trunk.features.0.weight" not in changed
    file = tmp_path / "taught.safetensors"
    taught_file.save(file, deep.classifier, fast.descent, {})
    again = taught_file.load(file)
    picture = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(again.network(picture), deep.classifier.network(picture))
    explainer = Explainer(again.network, 64, torch.device("cpu"), again.target_layer)
    run = explainer.run(picture, explainer.automatic)
    maps = cam(run, [ClassTarget(0), ClassTarget(1)])
    means = maps.mean((1, 2)) + again.network.fc.bias
    torch.testing.assert_close(means[None], run.logits.detach(), rtol=1e-4, atol=1e-4)
