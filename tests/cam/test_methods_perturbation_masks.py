"""Score-CAM, SS-CAM and IS-CAM against values computed by hand, and against doing it plainly."""

from collections.abc import Iterator, Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import Partial
from camviewer.cam.methods.perturbation.masked_input import enlarged, is_cam, score_cam, ss_cam
from camviewer.cam.split import Run
from camviewer.cam.targets import Against, Similarity, Target, classes
from tests.cam.networks import Branching, Gap, Residual, frozen

CPU = torch.device("cpu")
PICTURE = torch.tensor(
    [[[[1.0, -2.0], [0.0, 3.0]], [[0.0, 1.0], [2.0, -5.0]], [[1.0, 1.0], [-1.0, 2.0]]]]
)
# the layer is the ReLU of the picture, and as large as it
ACTIVATION = torch.tensor([[[1.0, 0.0], [0.0, 3.0]], [[0.0, 1.0], [2.0, 0.0]], [[1.0, 1], [0, 2]]])
# masks: [1/3 0; 0 1], [0 1/2; 1 0], [1/2 1/2; 0 1]. Class 0 is 1 * mean relu X_0 + 2 * mean relu
# X_1 + 1/4, so that, but for the 1/4, the masked pictures score
#   1 * (1/3 + 3) / 4 + 2 * 0 = 5/6,  1 * 0 + 2 * (1/2 + 2) / 4 = 5/4,
#   1 * (1/2 + 3) / 4 + 2 * (1/2) / 4 = 9/8
SCORES = torch.tensor([5 / 6, 5 / 4, 9 / 8])


def gap() -> Run:
    explainer = Explainer(frozen(Gap()), 4, CPU)
    return explainer.run(PICTURE, explainer.automatic)


def weighed(scores: Tensor) -> Tensor:
    return (torch.softmax(scores, 0)[:, None, None] * ACTIVATION).sum(0)


def last(steps: Iterator[Partial]) -> Tensor:
    *_, final = steps
    assert final.done == 1
    return final.maps


class Twins(nn.Module):
    """Nine channels: three different ones, each twice, once doubled, and three without structure.

    The convolution has no padding, so that a channel of zero weight is its bias everywhere.
    """

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.conv = nn.Conv2d(3, 9, 3)
        self.norm = nn.BatchNorm2d(9)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(9, 4)
        self.pictures = 0
        with torch.no_grad():
            self.norm.running_mean.uniform_(-0.1, 0.1)
            self.norm.running_var.uniform_(0.8, 1.2)
            for tensor in (self.conv.weight, self.conv.bias):
                tensor[3:6] = tensor[:3]
                tensor[6:] = 0
            self.conv.bias[6:] = torch.tensor([-1.0, 0.0, 0.5])
            for tensor in (self.norm.running_mean, self.norm.running_var):
                tensor[3:6] = tensor[:3]
            self.norm.weight[4] = 2
            self.norm.bias[4] = 2 * self.norm.bias[1]

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.relu(self.norm(self.conv(x))).mean((2, 3)))


def test_score_cam_weighs_channels_by_the_score_of_the_picture_through_them() -> None:
    torch.testing.assert_close(last(score_cam(gap(), classes(0)))[0], weighed(SCORES))


def test_score_cam_against_a_class_weighs_by_the_negated_score() -> None:
    maps = last(score_cam(gap(), (Against(0), *classes(0))))
    torch.testing.assert_close(maps, torch.stack([weighed(-SCORES), weighed(SCORES)]))


def test_partial_maps_weigh_what_is_known() -> None:
    torch.manual_seed(0)
    network = frozen(
        nn.Sequential(
            nn.Conv2d(3, 20, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(20, 2)
        )
    )
    explainer = Explainer(network, 8, CPU)
    run = explainer.run(torch.randn(1, 3, 8, 8), explainer.layer("1"))
    partials = list(score_cam(run, classes(1)))
    assert [p.done for p in partials] == [8 / 20, 16 / 20, 1]
    grid = run.grid[0]
    strongest = grid.var((1, 2)).argsort(descending=True)[:8]
    masks = enlarged(grid[strongest], (8, 8))
    weights = torch.softmax(network(masks * run.picture)[:, 1], 0)
    expected = (weights[:, None, None] * grid[strongest]).sum(0)
    torch.testing.assert_close(partials[0].maps[0], expected, rtol=1e-4, atol=1e-6)


def test_channels_with_one_mask_share_a_forward_pass_and_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = frozen(Twins())
    explainer = Explainer(network, 8, CPU)
    run = explainer.run(torch.randn(1, 3, 8, 8), explainer.layer("relu"))
    scored: list[int] = []
    of_pictures = Run.of_pictures

    def counted(self: Run, pictures: Tensor, targets: Sequence[Target]) -> Tensor:
        scored.append(len(pictures))
        return of_pictures(self, pictures, targets)

    monkeypatch.setattr(Run, "of_pictures", counted)
    maps = last(score_cam(run, classes(0, 3)))
    assert scored == [4]  # three masks and the empty picture
    grid = run.grid[0]
    masks = enlarged(grid - grid.amin((1, 2), keepdim=True), (8, 8))  # what is flat is zero
    weights = torch.softmax(network(masks * run.picture)[:, [0, 3]].T, 1)
    torch.testing.assert_close(
        maps, torch.einsum("tk,khw->thw", weights, grid), rtol=1e-4, atol=1e-6
    )


def test_is_cam_adds_up_brightness() -> None:
    # with three steps the pictures are 1/3, 1/3 + 2/3 and 1/3 + 2/3 + 3/3 times as bright; but for
    # the bias the network is proportional to the picture: the mean score is 10/9 of Score-CAM's
    partials = list(is_cam(gap(), classes(0), steps=3))
    torch.testing.assert_close(partials[-1].maps[0], weighed(SCORES * 10 / 9))
    # the first pass is that of the natural brightness
    torch.testing.assert_close(partials[0].maps[0], weighed(SCORES))
    torch.testing.assert_close(
        torch.tensor([p.done for p in partials]), torch.tensor([1 / 3, 2 / 3, 1])
    )


def test_ss_cam_averages_over_seeded_noise_on_the_masks() -> None:
    run = gap()
    torch.testing.assert_close(last(ss_cam(run, classes(0), 2, 0.0))[0], weighed(SCORES))
    scores = []
    for seed in range(3):
        noise = torch.randn(1, 1, 2, 2, generator=torch.Generator().manual_seed(seed))
        masks = torch.tensor([[[1 / 3, 0], [0, 1]], [[0, 0.5], [1, 0]], [[0.5, 0.5], [0, 1.0]]])
        scores.append(run.network((masks[:, None] + 2 * noise) * PICTURE)[:, 0])
    expected = weighed(torch.stack(scores).mean(0))
    torch.testing.assert_close(last(ss_cam(run, classes(0), 3))[0], expected)
    torch.testing.assert_close(last(ss_cam(run, classes(0), 3))[0], expected)  # the same again


def test_likeness_to_another_picture_can_be_asked_about() -> None:
    run = gap()
    target = Similarity(torch.tensor([1.0, 0.0, 0.0]))
    # embeddings of the masked pictures, times 4: (10/3, 0, 7/3), (0, 5/2, 1/2), (7/2, 1/2, 3)
    embeddings = torch.tensor([[10 / 3, 0, 7 / 3], [0, 2.5, 0.5], [3.5, 0.5, 3.0]])
    cosines = embeddings[:, 0] / embeddings.norm(dim=1)
    torch.testing.assert_close(last(score_cam(run, (target,)))[0], weighed(cosines))


def test_networks_without_a_trace_serve_too() -> None:
    picture = torch.randn(1, 3, 8, 8)
    maps = []
    for network, layer in ((Branching(), "inner.relu"), (Residual(), "relu_1")):
        explainer = Explainer(frozen(network), 8, CPU)
        maps.append(last(score_cam(explainer.run(picture, explainer.layer(layer)), classes(2))))
    torch.testing.assert_close(maps[0], maps[1])


@given(seed=st.integers(0, 1000), height=st.integers(6, 12), width=st.integers(6, 12))
def test_a_map_lies_between_the_channels(seed: int, height: int, width: int) -> None:
    network = Residual()
    explainer = Explainer(frozen(network), 8, CPU)
    picture = torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(seed))
    run = explainer.run(picture, explainer.layer("stem"))
    maps = last(score_cam(run, classes(0, 4)))
    low, high = run.grid[0].amin(0), run.grid[0].amax(0)
    assert maps.shape == (2, height, width)
    assert ((maps >= low - 1e-5) & (maps <= high + 1e-5)).all()


@given(
    scale=st.floats(0.01, 100),
    shift=st.floats(-10, 10),
    rows=st.integers(2, 5),
    side=st.integers(5, 17),
)
def test_masks_do_not_depend_on_a_channels_scale(
    scale: float, shift: float, rows: int, side: int
) -> None:
    units = torch.linspace(0, 1, 3 * rows * 4).sin().view(3, rows, 4)
    masks = enlarged(units, (side, side))
    torch.testing.assert_close(
        enlarged(units * scale + shift, (side, side)), masks, rtol=0, atol=1e-2
    )
    assert masks.shape == (3, 1, side, side)
    torch.testing.assert_close(masks.amin((1, 2, 3)), torch.zeros(3))
    torch.testing.assert_close(masks.amax((1, 2, 3)), torch.ones(3))
