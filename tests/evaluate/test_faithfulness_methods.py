"""Pointing, the randomisation check, and methods side by side, on cases that are plain."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from camviewer.cam.methods import METHODS
from camviewer.cam.methods.method import at_once
from camviewer.cam.split import Run
from camviewer.cam.targets import Target
from camviewer.cli import main
from camviewer.errors import MethodError
from camviewer.evaluate.comparison import Comparison
from camviewer.evaluate.datasets import Sample
from camviewer.evaluate.pointing import peak, points_at, points_at_mask
from camviewer.evaluate.randomisation import randomisation_check, rank_correlation
from camviewer.inspector import Inspector, Request
from camviewer.paths import resources
from camviewer.types import Frame
from tests.cam.networks import Residual
from tests.evaluate.test_localization import annotate
from tests.inspections import cropped, heatmap, letterboxed
from tests.test_inspector import classifier, frame

_FIVE = tuple("abcde")


def test_the_peak_is_the_middle_of_the_highest_cell() -> None:
    spot = np.zeros((4, 6))
    spot[1, 2] = 1
    x, y = peak(heatmap(spot))  # ten pixels a cell
    assert (x, y) == pytest.approx((25, 15), abs=0.51)
    corner = np.zeros((4, 6))
    corner[0, 0] = 1
    # flat from the corner to the middle of its cell
    assert peak(heatmap(corner)) == pytest.approx((2.5, 2.5), abs=0.51)


def test_the_peak_lies_on_what_the_network_saw() -> None:
    padding = np.zeros((4, 4))
    padding[0, 1] = 1.5  # above the letterboxed picture; its edge gets half of it
    padding[2, 2] = 1
    x, y = peak(heatmap(padding, letterboxed((20, 40), 40)))
    assert (x, y) == pytest.approx((25, 15), abs=0.51)
    beside = np.zeros((4, 4))
    beside[0, 0] = 1
    assert peak(heatmap(beside, cropped((40, 80), 40)))[0] >= 20


def test_pointing_within_fifteen_pixels() -> None:
    spot = np.zeros((10, 10))
    spot[5, 5] = 1  # the peak is at (55, 55) of 100
    made = heatmap(spot)
    assert points_at(made, [(0.5, 0.5, 0.6, 0.6)])
    assert points_at(made, [(0.0, 0.0, 0.1, 0.1), (0.0, 0.0, 0.45, 0.45)])
    assert not points_at(made, [(0.0, 0.0, 0.3, 0.3)])
    assert not points_at(made, [(0.0, 0.0, 0.45, 0.45)], tolerance=5)
    assert not points_at(made, [(0.5, 0.0, 0.6, 0.3)])


def test_pointing_at_a_masks_pixels() -> None:
    spot = np.zeros((10, 10))
    spot[5, 5] = 1  # the peak is at (55, 55) of 100
    made = heatmap(spot)
    mask = np.zeros((100, 100), bool)
    mask[:39] = True
    assert not points_at_mask(made, mask)  # the peak is a pixel's middle, 54.5, and this is 38.5
    mask[39] = True
    assert points_at_mask(made, mask)
    assert not points_at_mask(made, mask, tolerance=14)
    corner = np.zeros((100, 100), bool)
    corner[43, 43] = True  # 11 pixels beside and above are 15.6 away
    assert not points_at_mask(made, corner)
    # a smaller mask is laid over the whole picture
    assert points_at_mask(made, np.eye(10, dtype=bool))
    assert not points_at_mask(made, np.zeros((10, 10), bool))


@given(st.lists(st.floats(-100, 100, width=32), min_size=2, max_size=30))
def test_rank_correlation_of_a_map_with_itself(values: list[float]) -> None:
    one = np.array([values], np.float32)
    expected = 1.0 if len(set(values)) > 1 else 0.0
    assert rank_correlation(one, one) == pytest.approx(expected)
    assert rank_correlation(one, -one) == pytest.approx(-expected)
    assert rank_correlation(one, np.arctan(one) * 2) == pytest.approx(expected, abs=0.02)


def test_rank_correlation_by_hand() -> None:
    """Ranks 0 1 2 3 and 1 0 3 2: 1 - 6 * 4 / (4 * 15); equal values share their rank."""
    one = np.array([[1, 2], [3, 4]], np.float32)
    assert rank_correlation(one, np.array([[2, 1], [9, 8]], np.float32)) == pytest.approx(0.6)
    tied = np.array([[1, 1], [3, 4]], np.float32)  # ranks 0.5 0.5 2 3
    assert rank_correlation(one, tied) == pytest.approx(4.5 / np.sqrt(5 * 4.5))


def test_the_check_goes_from_the_head_down_and_leaves_the_network_alone() -> None:
    given_network = classifier(Residual(), labels=_FIVE, weights_sha256="ab" * 32)
    before = {k: v.clone() for k, v in given_network.network.state_dict().items()}
    request = Request(method="grad-cam", targets=(1,))
    stages = list(randomisation_check(given_network, [frame(), frame(16, 16)], request))
    assert [s.module for s in stages] == ["fc", "conv", "stem"]
    assert [s.done for s in stages] == pytest.approx([1 / 3, 2 / 3, 1])
    assert all(abs(s.similarity) < 0.9 for s in stages[1:])
    assert stages == list(randomisation_check(given_network, [frame(), frame(16, 16)], request))
    for name, value in given_network.network.state_dict().items():
        assert torch.equal(value, before[name])
    (all_at_once,) = list(randomisation_check(given_network, [frame()], request, stages=2))[1:]
    assert all_at_once.module == "stem"


def _noise() -> Frame:
    return Frame(np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8), "noise")


def _edges(run: Run, targets: Sequence[Target]) -> Tensor:
    """A map of the picture alone, whatever the network learnt."""
    return run.picture.mean(1).expand(len(targets), -1, -1)


def test_a_method_that_is_blind_to_the_network_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blind = replace(METHODS["grad-cam"], name="edges", steps=at_once(_edges))
    monkeypatch.setitem(METHODS, "edges", blind)
    given_network = classifier(Residual(), labels=_FIVE)
    stages = randomisation_check(given_network, [_noise()], Request(method="edges"))
    assert [s.similarity for s in stages] == pytest.approx([1, 1, 1])


class _Weightless(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x).mean((2, 3))


def test_a_network_without_weights_is_refused() -> None:
    with pytest.raises(MethodError, match="no weights"):
        next(randomisation_check(classifier(_Weightless()), [frame()]))


def test_normalisations_are_those_of_a_new_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old statistics would drown what random weights compute: the map must stay alive."""
    trained = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1),
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5),
    )  # fmt: skip
    with torch.no_grad():
        trained[1].running_var.fill_(1e6)
        trained[1].bias.fill_(-3)
    given_network = classifier(trained, labels=_FIVE)
    logits: list[Tensor] = []

    def keep(run: Run, targets: Sequence[Target]) -> Tensor:
        logits.append(run.logits.detach())
        return _edges(run, targets)

    monkeypatch.setitem(METHODS, "edges", replace(METHODS["grad-cam"], steps=at_once(keep)))
    *_, last = randomisation_check(given_network, [_noise()], Request(method="edges", targets=(0,)))
    assert last.module == "0"
    assert 0.05 < float(logits[-1].std()) < 20


def test_methods_side_by_side_by_hand() -> None:
    tiny = classifier()
    comparison = Comparison(Inspector(tiny, "cpu"), Request(), ("cam", "grad-cam"), steps=4)
    on_the_square = Sample(Path("a"), "red", ((0, 0, 0.25, 0.25),))
    beside_it = Sample(Path("b"), "red", ((0.75, 0.75, 1, 1),))
    assert comparison.figures() == ()
    comparison.measure(frame(64, 64), on_the_square, tiny.find)
    comparison.measure(frame(64, 64), beside_it, tiny.find)
    comparison.measure(frame(64, 64))
    cam, grad_cam = comparison.figures()
    assert (cam.method, grad_cam.method) == ("cam", "grad-cam")
    assert cam.pictures == 3
    assert cam.pointing == cam.gt_known == 0.5
    # CAM and Grad-CAM are the same map here, but for a factor
    assert (cam.insertion, cam.deletion) == (grad_cam.insertion, grad_cam.deletion)
    assert cam.average_drop == pytest.approx(grad_cam.average_drop)
    # the map of blue is all that is blue: nothing of the score is lost without the rest
    assert cam.average_drop == pytest.approx(0, abs=0.01)
    assert cam.deletion < cam.insertion
    assert cam.road > 0.01
    assert cam.milliseconds > 0
    plain = Comparison(Inspector(tiny, "cpu"), Request(), steps=1)
    plain.measure(frame())
    assert all(row.pointing is None and row.gt_known is None for row in plain.figures())


def test_slow_methods_are_measured_only_when_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "slow", replace(METHODS["cam"], name="slow", slow=True))
    inspector = Inspector(classifier(), "cpu")
    assert "slow" not in Comparison(inspector, Request()).methods
    assert {"cam", "grad-cam"} <= set(Comparison(inspector, Request()).methods)
    assert Comparison(inspector, Request(), ("slow",)).methods == ("slow",)
    with pytest.raises(MethodError, match="no-such"):
        Comparison(inspector, Request(), ("no-such",))


def _evaluate(*arguments: object) -> int:
    return main(["evaluate", "faithfulness", *map(str, arguments), "--device", "cpu"])


def test_the_command_prints_a_row_for_each_method(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "board.jpg").write_bytes((resources() / "samples" / "board.jpg").read_bytes())
    (tmp_path / "odd.png").write_bytes(b"no picture")
    options = ("--methods", "cam", "grad-cam", "--steps", 1, "--input-size", 64)
    assert _evaluate(tmp_path, *options) == 1
    out, err = capsys.readouterr()
    assert "odd.png" in err
    head, *rows = out.splitlines()
    assert head.split()[:2] == ["method", "insertion"]
    assert "pointing" not in head
    assert [row.split()[0] for row in rows] == ["cam", "grad-cam"]
    one = ("--methods", "cam", "--limit", 1, "--json", "--randomisation")
    assert _evaluate(tmp_path, *options, *one) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["method"], found["pictures"]) == ("cam", 1)
    assert 0 <= found["random_similarity"] < 1
    assert len(found["randomisation"]) == 8
    assert found["insertion"] == pytest.approx(float(rows[0].split()[1]), abs=5e-4)


def test_the_command_points_where_there_are_boxes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    annotate(tmp_path, "a", ("tent", 0, 0, 64, 64))
    (tmp_path / "ids.txt").write_text("tent\n")
    options = ("--methods", "cam", "--steps", 1, "--class-ids", tmp_path / "ids.txt")
    assert _evaluate(tmp_path, *options, "--input-size", 64) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert float(row.split()[head.split().index("pointing")]) == 1


def test_a_folder_without_pictures_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _evaluate(tmp_path) == 2
    assert "No pictures" in capsys.readouterr().err
