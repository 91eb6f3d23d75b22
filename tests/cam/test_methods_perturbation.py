"""Ablation-CAM, occlusion sensitivity and RISE against values computed by hand."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import METHODS, Partial
from camviewer.cam.methods.perturbation.ablation import ablation_cam
from camviewer.cam.methods.perturbation.occlusion import occlusion
from camviewer.cam.methods.perturbation.rise import RandomMasks, rise
from camviewer.cam.split import Run
from camviewer.cam.targets import Against, Contrast, Target, classes
from tests.cam.networks import Branching, ChannelsLast, ClassToken, Flat, Gap, Residual, frozen

CPU = torch.device("cpu")
PICTURE = torch.tensor(
    [[[[1.0, -2.0], [0.0, 3.0]], [[0.0, 1.0], [2.0, -5.0]], [[1.0, 1.0], [-1.0, 2.0]]]]
)
# the layers are the ReLU of the picture
A = torch.tensor([[[1.0, 0.0], [0.0, 3.0]], [[0.0, 1.0], [2.0, 0.0]], [[1.0, 1.0], [0.0, 2.0]]])


def seen(network: nn.Module, picture: Tensor, layer: str | None = None) -> Run:
    explainer = Explainer(frozen(network), picture.shape[2], CPU)
    return explainer.run(picture, explainer.layer(layer))


def last(steps: Iterator[Partial]) -> Tensor:
    *_, final = steps
    assert final.done == 1
    return final.maps


def weighed(weights: list[float]) -> Tensor:
    return (torch.tensor(weights)[:, None, None] * A).sum(0)


def test_ablation_cam_of_a_linear_head_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = seen(Gap(), PICTURE)
    _ = run.logits
    monkeypatch.setattr(Run, "of_activations", None)
    # class 0 scores 2.75 = 1 * 4/4 + 2 * 3/4 + 0.25: without channel 0 it loses 1, without
    # channel 1 1.5, without channel 2 nothing. Class 1 too: -1 * 3/4 + 4 * 4/4 - 0.5
    expected = torch.stack([weighed([1, 1.5, 0]), weighed([0, -0.75, 4])]) / 2.75
    torch.testing.assert_close(last(ablation_cam(run, classes(0, 1))), expected)


def test_ablation_cam_of_another_head_runs_it_without_each_channel() -> None:
    run = seen(Flat(), PICTURE, "relu")
    # weights of class 0 are 0..11 over (channel, row, column): channel 0 gives 0 * 1 + 3 * 3 = 9,
    # channel 1 5 * 1 + 6 * 2 = 17, channel 2 8 * 1 + 9 * 1 + 11 * 2 = 39, together 65
    torch.testing.assert_close(
        last(ablation_cam(run, classes(0)))[0], weighed([9 / 65, 17 / 65, 39 / 65])
    )


def test_ablation_cam_of_a_negative_score_keeps_its_sign() -> None:
    run = seen(Flat(), PICTURE, "relu")
    # -65 without channel 0 is -56, and so on: the score gains, each channel speaks against it. The
    # paper's (y - y_k) / y would give 9 / 65, the very map of the class itself
    maps = last(ablation_cam(run, (Against(0),)))
    torch.testing.assert_close(maps[0], weighed([-9 / 65, -17 / 65, -39 / 65]))


def test_ablation_cam_of_a_score_of_zero_is_finite() -> None:
    run = seen(Flat(), PICTURE, "relu")
    maps = last(ablation_cam(run, (Contrast(0, 0), *classes(0))))
    assert not maps[0].any()
    assert maps[1].any()


@pytest.mark.parametrize("make", [Residual, ChannelsLast, Gap])
def test_the_closed_form_is_what_running_the_head_gives(
    make: type[nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = seen(make(), torch.randn(1, 3, 8, 8))
    asked: list[Target] = [*classes(0, 1, 2), Contrast(2, 0)]
    closed = last(ablation_cam(run, asked))
    monkeypatch.setattr(Run, "channel_gradients", lambda *_: None)
    torch.testing.assert_close(last(ablation_cam(run, asked)), closed, rtol=1e-4, atol=1e-5)


def test_ablation_leaves_the_class_token_alone() -> None:
    run = seen(ClassToken(), torch.randn(1, 3, 8, 8))
    whole = run.logits[0, 1].item()
    expected = torch.zeros(4, 4)
    for channel in range(8):
        without = run.activation.detach().clone()
        without[:, 1:, channel] = 0
        weight = (whole - run.head(without)[0, 1].item()) / abs(whole)
        expected += weight * run.activation.detach()[0, 1:, channel].view(4, 4)
    torch.testing.assert_close(
        last(ablation_cam(run, classes(1)))[0], expected, rtol=1e-4, atol=1e-5
    )


def test_ablation_of_a_network_without_a_trace() -> None:
    picture = torch.randn(1, 3, 8, 8)
    hooked = seen(Branching(), picture, "inner.stem")
    traced = seen(Residual(), picture, "stem")
    torch.testing.assert_close(
        last(ablation_cam(hooked, classes(0))), last(ablation_cam(traced, classes(0)))
    )


def test_torchscript_cannot_be_ablated_but_covered() -> None:
    picture = torch.randn(1, 3, 8, 8)
    network = frozen(Residual())
    run = seen(torch.jit.trace(network, picture), picture)
    assert "TorchScript" in METHODS["ablation-cam"].obstacle(run)
    assert METHODS["ablation-cam"].obstacle(seen(network, picture)) == ""
    assert METHODS["score-cam"].obstacle(run) == ""
    torch.testing.assert_close(
        last(occlusion(run, classes(0))), last(occlusion(seen(network, picture), classes(0)))
    )


def test_occlusion_is_the_mean_loss_over_the_patches_that_cover_a_cell() -> None:
    picture = torch.zeros(1, 3, 8, 8)
    picture[:, 0] = -1 / 3
    picture[:, 0, :4, :4] = 1  # the mean, and so the patch, is zero
    partials = list(occlusion(seen(Gap(), picture), classes(0, 1)))
    # class 0 is the mean of relu X_0 + 1/4: covering the upper left quarter loses 16/64
    torch.testing.assert_close(partials[0].maps[0], torch.tensor([[0.25, 0], [0, 0]]))
    assert partials[0].done == 4 / 25
    final = partials[-1].maps
    # a patch r down and c right covers (4 - r) (4 - c) of the 16: the cell (1, 0) lies under the
    # patches 0 and 1 down, (16 + 12) / 2 / 64; (1, 1) under (16 + 12 + 12 + 9) / 4 / 64
    assert final.shape == (2, 8, 8)
    assert final[0, 0, 0] == pytest.approx(16 / 64)
    assert final[0, 1, 0] == pytest.approx(14 / 64)
    assert final[0, 1, 1] == pytest.approx(12.25 / 64)
    assert final[0, 7, 7] == 0
    assert not final[1].any()  # class 1 does not look at channel 0
    done = [p.done for p in partials]
    assert done == sorted(done)
    assert done[-1] == 1


def test_occlusion_refines_cells_over_the_whole_picture() -> None:
    partials = list(occlusion(seen(Gap(), torch.randn(1, 3, 40, 60)), classes(0)))
    shapes = list(dict.fromkeys(tuple(p.maps.shape[1:]) for p in partials))
    assert shapes == [(5, 8), (10, 16), (20, 32)]


def test_nothing_is_lost_where_the_picture_is_of_one_colour() -> None:
    picture = torch.full((1, 3, 12, 12), 0.7)
    assert last(occlusion(seen(Gap(), picture), classes(0, 2))).abs().max() < 1e-6


def test_rise_is_the_covariance_of_mask_and_score() -> None:
    picture = torch.randn(1, 3, 9, 14, generator=torch.Generator().manual_seed(2))
    run = seen(Gap(), picture)
    partials = list(rise(run, classes(0, 1), masks=20))
    assert [p.done for p in partials] == [8 / 20, 16 / 20, 1]
    masks = RandomMasks.drawn(20, (9, 14)).between(0, 20)
    for known, partial in zip((8, 16, 20), partials, strict=True):
        scores = run.network(masks[:known] * picture)[:, :2]
        expected = torch.zeros(2, 9, 14)
        for mask, score in zip(masks, scores, strict=False):
            expected += (score - scores.mean(0))[:, None, None] * mask
        torch.testing.assert_close(partial.maps, expected / (known * 0.5), rtol=1e-4, atol=1e-5)


def test_rise_finds_what_the_score_depends_on() -> None:
    picture = torch.zeros(1, 3, 28, 28)
    picture[:, 0, 16:20, 4:8] = 10
    (map_,) = last(rise(seen(Gap(), picture), classes(0), masks=400))
    row, column = divmod(int(map_.argmax()), 28)
    assert 14 <= row < 22
    assert 2 <= column < 10
    # with the mask m over the square the score is m * 10 * 16 / 784, and var(m) / p at most
    # 0.25 / 0.5
    assert 0.1 < map_.max() * 784 / 160 <= 0.5


def test_random_masks_are_seeded_and_half_open() -> None:
    masks = RandomMasks.drawn(300, (30, 45))
    drawn = masks.between(0, 300)
    assert drawn.shape == (300, 1, 30, 45)
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    assert drawn.mean() == pytest.approx(0.5, abs=0.02)
    again = RandomMasks.drawn(300, (30, 45))
    torch.testing.assert_close(torch.cat([again.between(0, 7), again.between(7, 300)]), drawn)
    assert len({tuple(shift) for shift in masks.shifts.tolist()}) > 20
