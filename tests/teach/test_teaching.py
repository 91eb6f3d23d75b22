"""Fast teaching from pictures to a network that points at what it learnt."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from camviewer.errors import CamviewerError, CancelledError, ModelError
from camviewer.inspector import Request, inspector_for
from camviewer.media import images
from camviewer.models import taught, zoo
from camviewer.models.backbone import Order, TaughtNetwork
from camviewer.models.classifier import Activation, Classifier
from camviewer.models.preprocess import Preprocessing
from camviewer.teach.data.reading import read
from camviewer.teach.foundation import found
from camviewer.teach.teaching import Options, Stage, Taught, teach
from tests.teach.lessons import SIZE, backbone, folders, ring_or_cross, table

STAGES = (Stage.LOOKING, Stage.SORTING, Stage.LEARNING)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("teaching")


def _options(place: Path, **more: Any) -> Options:
    more.setdefault("input_size", SIZE)
    return Options(cache=place / "features.sqlite", **more)


@pytest.fixture(scope="module")
def learnt(place: Path) -> Taught:
    return teach(read(folders(place / "set")), backbone(), _options(place))


def test_it_learns_what_the_pictures_show(learnt: Taught) -> None:
    assert learnt.classifier.labels == ("cross", "nothing", "ring")
    assert learnt.classifier.nothing == 1
    assert learnt.figures.accuracy == 1
    assert learnt.figures.pictures == len(learnt.split.held_out) >= 6


@pytest.mark.parametrize(("kind", "corner"), [("ring", (0, 0)), ("cross", (1, 1))])
def test_the_map_points_at_the_thing(
    learnt: Taught, tmp_path: Path, kind: str, corner: tuple[int, int]
) -> None:
    frame = images.load(ring_or_cross(tmp_path / "new.png", "both", 77))
    inspector = inspector_for(learnt.classifier, "cpu")
    index = learnt.classifier.labels.index(kind)
    (explanation,) = inspector.inspect(frame, Request(targets=(index,))).explanations
    values = explanation.heatmap.values
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    assert (2 * row // values.shape[0], 2 * column // values.shape[1]) == corner


def test_scores_are_those_of_the_features_it_learnt_from(learnt: Taught) -> None:
    """The network applied to a picture gives what teaching computed from its cached features."""
    example = learnt.dataset.examples[learnt.split.held_out[0]]
    classifier = learnt.classifier
    frame = images.load(example.path)
    geometry = classifier.preprocessing.geometry(frame.pixels.shape[:2], Request().fit)
    tensor = classifier.preprocessing.tensor(frame, geometry)
    with torch.no_grad():
        features = classifier.network.features(tensor).numpy()
        logits = classifier.network(tensor).numpy()
    assert learnt.head is not None
    np.testing.assert_allclose(learnt.head.logits(features), logits, atol=1e-4)


def test_it_is_the_same_each_time(place: Path, learnt: Taught) -> None:
    again = teach(learnt.dataset, backbone(), _options(place))
    assert again.head is not None
    assert learnt.head is not None
    np.testing.assert_array_equal(again.head.weight, learnt.head.weight)
    assert again.figures == learnt.figures


def test_it_survives_the_file(learnt: Taught, tmp_path: Path) -> None:
    taught.save(tmp_path / "x.safetensors", learnt.classifier, learnt.descent, {})
    loaded = taught.load(tmp_path / "x.safetensors")
    picture = torch.randn(1, 3, SIZE, SIZE)
    torch.testing.assert_close(loaded.network(picture), learnt.classifier.network(picture))


def test_several_labels_and_pictures_of_none(place: Path) -> None:
    dataset = read(table(place / "several"), multi=True)
    several = teach(dataset, backbone(), _options(place))
    assert several.classifier.activation is Activation.SIGMOID
    assert several.head is not None
    assert several.classifier.thresholds == several.head.thresholds is not None
    assert several.figures.accuracy is not None
    assert several.figures.accuracy >= 0.8


def test_several_layers_are_looked_at_together(place: Path, learnt: Taught) -> None:
    both = teach(learnt.dataset, backbone(), _options(place, layers=("layer4", "layer3")))
    assert [tap.name.split(".")[0] for tap in both.descent.taps] == ["layer3", "layer4"]
    assert both.head is not None
    assert both.head.weight.shape == (3, 96 + 128)


def test_broken_pictures_are_left_out(place: Path, tmp_path: Path) -> None:
    root = folders(tmp_path / "set")
    damaged = root / "ring" / "ring3.png"
    damaged.write_bytes(damaged.read_bytes()[:400])
    learnt = teach(read(root), backbone(), _options(place))
    assert [broken.path for broken in learnt.dataset.broken] == [damaged]
    assert len(learnt.dataset.examples) == 29
    assert len(learnt.split.teaching) + len(learnt.split.held_out) == 29


def test_too_few_are_left_when_the_others_are_broken(place: Path, tmp_path: Path) -> None:
    root = folders(tmp_path / "set", each=2)
    damaged = root / "ring" / "ring1.png"
    damaged.write_bytes(damaged.read_bytes()[:400])
    with pytest.raises(CamviewerError, match=r"Too few pictures of ring \(1\)"):
        teach(read(root), backbone(), _options(place))


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_can_be_cancelled(place: Path, learnt: Taught, stage: Stage) -> None:
    reached: list[Stage] = []
    with pytest.raises(CancelledError):
        teach(
            learnt.dataset,
            backbone(),
            _options(place),
            lambda at, _: reached.append(at),
            lambda: stage in reached,
        )
    assert reached[-1] is stage


def test_every_stage_says_how_far_it_is(place: Path, learnt: Taught) -> None:
    told: dict[Stage, list[float]] = {}
    teach(
        learnt.dataset,
        backbone(),
        _options(place),
        lambda stage, share: told.setdefault(stage, []).append(share),
    )
    assert tuple(told) == STAGES
    for shares in told.values():
        assert shares == sorted(shares)
        assert shares[-1] == 1


def test_a_share_that_cannot_be_held_out_is_told(place: Path, learnt: Taught) -> None:
    with pytest.raises(CamviewerError, match="above 0 and below 1"):
        teach(learnt.dataset, backbone(), _options(place, held_out=1.0))


def test_what_has_coarse_maps_gets_larger_pictures() -> None:
    classifier = Classifier("resnet18", zoo.build("resnet18"), (), Preprocessing())
    foundation = found(classifier)
    assert foundation.preprocessing.input_size == 320
    assert foundation.channels == 512
    assert found(backbone()).preprocessing.input_size == 224


def test_tokens_of_a_transformer_become_a_grid() -> None:
    """Swin keeps its channels last; what is pooled is what its own head would be given."""
    classifier = Classifier("swin_t", zoo.build("swin_t"), (), zoo.preprocessing("swin_t"))
    foundation = found(classifier, input_size=64)
    assert foundation.descent.taps[0].order is Order.CHANNELS_LAST
    network = foundation.network(2)
    assert isinstance(network, TaughtNetwork)
    assert network.features(torch.randn(1, 3, 64, 96)).shape == (1, 768)


def test_other_peoples_networks_are_refused(learnt: Taught) -> None:
    with pytest.raises(ModelError, match="Nothing can be taught on top of taught"):
        found(learnt.classifier)


def test_a_changed_network_of_the_catalogue_is_refused() -> None:
    network: Any = zoo.build("resnet18")
    network.layer4 = torch.nn.Sequential(network.layer4, torch.nn.Conv2d(512, 512, 1))
    with pytest.raises(ModelError, match="not built like torchvision's"):
        found(Classifier("resnet18", network, (), Preprocessing()))


def test_figures_can_be_kept_as_json(learnt: Taught) -> None:
    kept = json.loads(json.dumps(learnt.figures.as_dict()))
    assert kept["accuracy"] == 1
    assert kept["classes"][0]["name"] == "cross"


@pytest.fixture(scope="module")
def small(place: Path, learnt: Taught) -> Taught:
    return teach(learnt.dataset, backbone(), _options(place / "small", small=True))


def test_small_things_are_looked_for_at_the_strongest_cells(learnt: Taught, small: Taught) -> None:
    assert small.descent.strongest == (0.003, 0.01, 0.03, 0.1, 0.3)
    assert learnt.descent.strongest == ()
    # the starter's own grid is fine enough
    assert small.descent.taps == learnt.descent.taps
    assert small.figures.accuracy == 1
    assert small.plain is None


def test_the_figures_of_small_things_are_those_of_the_network(small: Taught) -> None:
    """But for the half precision of the maps that were kept."""
    classifier = small.classifier
    assert isinstance(classifier.network, TaughtNetwork)
    for answer, number in zip(small.figures.answers, small.split.held_out, strict=True):
        frame = images.load(small.dataset.examples[number].path)
        geometry = classifier.preprocessing.geometry(frame.size, Request().fit)
        with torch.no_grad():
            logits = classifier.network(classifier.preprocessing.tensor(frame, geometry))
        score = classifier.scores(logits[0]).max().item()
        assert answer.score == pytest.approx(score, abs=0.01)


def test_no_maps_are_left_behind(place: Path, small: Taught) -> None:
    assert small.head is not None
    assert not list((place / "small").iterdir())


@pytest.mark.parametrize("stage", STAGES)
def test_teaching_small_things_can_be_cancelled_and_leaves_nothing(
    tmp_path: Path, learnt: Taught, stage: Stage
) -> None:
    reached: list[Stage] = []
    with pytest.raises(CancelledError):
        teach(
            learnt.dataset,
            backbone(),
            _options(tmp_path / "cache", small=True),
            lambda now, _: reached.append(now),
            lambda: stage in reached,
        )
    assert reached.count(stage) == 1
    assert not list((tmp_path / "cache").iterdir())


def test_small_things_with_several_labels(place: Path) -> None:
    dataset = read(table(place / "several_small"), multi=True)
    several = teach(dataset, backbone(), _options(place / "small", small=True))
    assert several.classifier.activation is Activation.SIGMOID
    assert several.head is not None
    assert several.classifier.thresholds == several.head.thresholds is not None
    assert several.figures.accuracy is not None
    assert several.figures.accuracy >= 0.8


def test_small_things_are_looked_at_in_pictures_twice_as_large() -> None:
    own = backbone().preprocessing.input_size
    assert found(backbone(), small=True).preprocessing.input_size == 2 * own
    assert found(backbone(), input_size=SIZE, small=True).preprocessing.input_size == SIZE


def test_small_things_are_looked_for_at_the_ends_of_the_stages_before_the_last() -> None:
    labels = tuple(map(str, range(1000)))
    resnet = Classifier("resnet18", zoo.build("resnet18"), labels, zoo.preprocessing("resnet18"))
    foundation = found(resnet, small=True)
    # the first stage's cells of four pixels are too many
    ends = ["layer2.1.relu_1", "layer3.1.relu_1"]
    assert [tap.name for tap in foundation.descent.taps] == ends
    assert foundation.channels == 128 + 256
    named = found(resnet, ("layer3",), small=True)
    assert [tap.name for tap in named.descent.taps] == ends[1:2]
