"""Small things taught deeply: the backbone learns as a whole, and is opened again."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from camviewer.teach import pointing
from camviewer.teach.data.reading import read
from camviewer.teach.deep import Ending, Epoch, Options
from camviewer.teach.deep.adapting import mixed
from camviewer.teach.deep.comparing import Comparison
from camviewer.teach.deep.teaching import DeeplyTaught, teach_deeply
from camviewer.teach.teaching import Options as Fast
from camviewer.teach.teaching import Stage, teach
from tests.teach.lessons import SIZE, backbone, faint, share_right

pytestmark = pytest.mark.long


def small(place: Path) -> Fast:
    return Fast(cache=place / "features.sqlite", input_size=SIZE, small=True)


@pytest.fixture(scope="module", autouse=True)
def one_strength() -> Iterator[None]:
    """What is tried for the strength takes most of the time, and is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pointing, "STRENGTHS", (0.003,))
        patch.setattr(pointing, "_ROUNDS", 3)
        patch.setattr(pointing, "_TRIAL_ROUNDS", 2)
        yield


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("adapting")


@pytest.fixture(scope="module")
def told() -> list[tuple[Stage, float]]:
    return []


@pytest.fixture(scope="module")
def learnt(place: Path, told: list[tuple[Stage, float]]) -> DeeplyTaught:
    dataset = read(faint(place / "set", each=12))
    with pytest.MonkeyPatch.context() as patch:
        # the four pictures put aside are right or wrong by the processor's last bit
        patch.setattr(Comparison, "better", True)
        return teach_deeply(
            dataset,
            backbone(),
            small(place),
            Options(epochs=4, batch=8),
            report=lambda *what: told.append(what),
        )


def net(classes: int, value: float) -> nn.Sequential:
    made = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, classes))
    for tensor in made.state_dict().values():
        tensor.fill_(value)
    return made


def test_numbers_between_two_networks_but_for_the_last_layer() -> None:
    before, after = net(3, 1.0), net(5, 3.0)
    kept = copy.deepcopy(before.state_dict()), copy.deepcopy(after.state_dict())
    found = mixed(before, after, 0.25).state_dict()
    assert found["3.weight"].shape == (3, 2)
    for name, tensor in found.items():
        # how many batches were seen is no number that can be mixed
        expected = 1.0 if name.startswith("3.") or name.endswith("tracked") else 1.5
        assert tensor.eq(expected).all(), name
    for network, old in zip((before, after), kept, strict=True):
        assert all(torch.equal(t, old[n]) for n, t in network.state_dict().items())


def test_all_stages_of_the_backbone_have_learnt(learnt: DeeplyTaught) -> None:
    assert learnt.deeper
    assert learnt.head is None
    assert learnt.descent.strongest[-1] == 0.3
    old, new = backbone().network.state_dict(), learnt.classifier.network.state_dict()
    changed = [n for n in old if f"trunk.{n}" in new and not torch.equal(old[n], new[f"trunk.{n}"])]
    assert any(name.startswith("layer1.") for name in changed)  # all stages learn
    assert learnt.compared is not None
    assert learnt.compared.pictures == len(learnt.choosing) == 4
    assert learnt.figures.pictures == learnt.fast.pictures == len(learnt.split.held_out)


def test_every_stage_is_told_in_its_order(
    learnt: DeeplyTaught, told: list[tuple[Stage, float]]
) -> None:
    assert [s for s, _ in told] == sorted((s for s, _ in told), key=list(Stage).index)
    for stage in Stage:
        shares = [share for at, share in told if at is stage]
        assert shares == sorted(shares)
        assert shares[-1] == 1
        assert learnt.seconds[stage] > 0


def test_the_file_answers_as_the_figures_say(learnt: DeeplyTaught, tmp_path: Path) -> None:
    assert share_right(learnt, tmp_path / "x.safetensors") == learnt.figures.accuracy


def test_where_it_brought_nothing_it_is_what_fast_teaching_makes(
    place: Path, learnt: DeeplyTaught, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Comparison, "better", False)
    made = teach_deeply(learnt.dataset, backbone(), small(place), Options(epochs=1, batch=8))
    assert made.compared is not None
    assert not made.deeper
    assert made.head is not None
    assert made.figures == made.fast == learnt.fast


def test_cancelled_it_is_what_fast_teaching_makes(
    place: Path, learnt: DeeplyTaught, tmp_path: Path
) -> None:
    stop: list[Epoch] = []

    def run(**more: Any) -> DeeplyTaught:
        options, state = Options(epochs=2, batch=8), tmp_path / "going.part"
        return teach_deeply(learnt.dataset, backbone(), small(place), options, state=state, **more)

    broken = run(on_epoch=stop.append, cancelled=lambda: bool(stop))
    assert broken.tuned.ending is Ending.CANCELLED
    assert not broken.deeper
    assert broken.compared is None
    quick = teach(learnt.dataset, backbone(), small(place))
    assert broken.figures == broken.fast == quick.figures
    told: list[int] = []
    run(on_epoch=lambda epoch: told.append(epoch.number))
    assert told == [1, 2]
