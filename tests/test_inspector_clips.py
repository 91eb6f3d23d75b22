"""Clips through the one pipeline: the map of each frame's own moment, in one range."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from camviewer.cam.split import Layer, Run
from camviewer.errors import CamviewerError, MethodError, ModelError
from camviewer.evaluate.subject import subject
from camviewer.export.record import record
from camviewer.inspector import (
    SHARPEST,
    ClipInspector,
    Inspector,
    Request,
    Sharper,
    inspector_for,
)
from camviewer.models.classifier import Classifier
from camviewer.models.preprocess import Preprocessing
from camviewer.models.video_preprocess import ClipPreprocessing
from camviewer.types import Ask, Clip, Fit, Frame, Geometry, Question
from tests.cam.clip_networks import BIAS, WEIGHT, ClassToken3d, Gap3d

FRAMES = 4
RED, BLUE, ANY = range(3)


class Halving(Gap3d):
    """Looks at pairs of frames: half as many moments as frames."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = nn.AvgPool3d((2, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.pair(x))


def classifier(network: nn.Module | None = None, **changes: Any) -> Classifier:
    expected = {"input_size": 8, "resize_size": 8, "frames": FRAMES, "rate": 10.0, **changes}
    return Classifier(
        name="tiny",
        network=network or Gap3d(),
        labels=("red", "blue", "any"),
        preprocessing=ClipPreprocessing((0, 0, 0), (1, 1, 1), **expected),
    )


def glowing(strengths: tuple[float, ...]) -> tuple[Frame, ...]:
    """Black frames with a red square at the top left, which glows as strongly as said."""
    frames = []
    for number, strength in enumerate(strengths):
        pixels = np.zeros((8, 8, 3), np.uint8)
        pixels[:2, :2, 0] = round(255 * strength)
        frames.append(Frame(pixels, "glow", number, number / 10))
    return tuple(frames)


@pytest.fixture(scope="module")
def inspector() -> ClipInspector:
    found = inspector_for(classifier(), "cpu")
    assert isinstance(found, ClipInspector)
    return found


def test_every_frame_has_the_map_of_its_own_moment(inspector: ClipInspector) -> None:
    strengths = (0.0, 0.2, 1.0, 0.4)
    frames = glowing(strengths)
    seen = inspector.look(frames, Request(targets=(RED,)))
    for frame, strength, inspection in zip(frames, strengths, seen, strict=True):
        assert inspection.frame.pixels is frame.pixels
        assert (inspection.frame.number, inspection.frame.time) == (frame.number, frame.time)
        heatmap = inspection.explanations[0].heatmap
        assert heatmap.values.shape == (8, 8)
        np.testing.assert_allclose(heatmap.values[:2, :2], strength, atol=0.003)
        assert not heatmap.values[2:].any()
        # one range for all: the weaker frame is drawn weaker
        assert heatmap.ceiling == pytest.approx(1.0)
        assert heatmap.shown.max() == pytest.approx(strength, abs=0.003)
    # the mean over space and time, and the bias, are the logit of the whole clip
    logits = {tuple(p.logit for p in inspection.predictions) for inspection in seen}
    assert len(logits) == 1
    (scores,) = logits
    maps = [inspection.explanations[0].heatmap.values.mean() for inspection in seen]
    assert np.mean(maps) + float(BIAS[RED]) == pytest.approx(scores[RED], abs=1e-4)
    assert scores[ANY] == pytest.approx(float(WEIGHT[ANY, 0]) * sum(strengths) / 64, abs=1e-3)
    assert seen[0].origin.method == "cam"


def test_moments_are_interpolated_linearly() -> None:
    """Two moments of two frames each lie at 0.5 and 2.5; beyond them nothing is known."""
    inspector = inspector_for(classifier(Halving()), "cpu")
    assert isinstance(inspector, ClipInspector)
    seen = inspector.look(glowing((0.0, 0.0, 1.0, 1.0)), Request(targets=(RED,)))
    peaks = [inspection.explanations[0].heatmap.peak for inspection in seen]
    assert peaks == pytest.approx([0.0, 0.25, 0.75, 1.0])
    assert {e.heatmap.ceiling for i in seen for e in i.explanations} == {1.0}


@given(st.lists(st.floats(0, 1), min_size=FRAMES, max_size=FRAMES), st.floats(0, FRAMES - 1))
def test_between_two_frames_lies_the_mean_of_both(strengths: list[float], place: float) -> None:
    frames = glowing(tuple(strengths))
    clip = Clip(frames[0].pixels, "glow", frames=frames, place=place)
    (explanation,) = INSPECTOR.inspect(clip, Request(targets=(RED,))).explanations
    glow = [round(255 * s) / 255 for s in strengths]
    expected = np.interp(place, range(FRAMES), glow)
    assert explanation.heatmap.values[0, 0] == pytest.approx(expected, abs=1e-5)
    assert explanation.heatmap.ceiling == pytest.approx(max(glow), abs=1e-6)
    assert explanation.heatmap.shown.max() <= 1


INSPECTOR = ClipInspector(classifier(), "cpu")


def test_a_still_picture_is_a_clip_in_which_nothing_moves(inspector: ClipInspector) -> None:
    (still,) = glowing((1.0,))
    inspection = inspector.inspect(still, Request(targets=(RED,)))
    heatmap = inspection.explanations[0].heatmap
    assert inspection.frame is still
    np.testing.assert_allclose(heatmap.values[:2, :2], 1.0)
    assert heatmap.ceiling is None
    repeated = inspector.look((still,) * FRAMES)[0]
    assert [p.logit for p in inspection.predictions] == [p.logit for p in repeated.predictions]
    assert "clips of 4 frames" in inspector.viewing_note
    assert "nothing moves" in inspector.viewing_note
    assert Inspector(pictures(), "cpu").viewing_note == ""


def pictures() -> Classifier:
    class Flat2d(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            return self.relu(x).mean((2, 3))

    expected = Preprocessing((0, 0, 0), (1, 1, 1), input_size=8, resize_size=8)
    return Classifier("flat", Flat2d(), ("r", "g", "b"), expected)


def test_inspector_for_fits_the_classifier() -> None:
    assert type(inspector_for(pictures(), "cpu")) is Inspector
    assert type(inspector_for(classifier(), "cpu")) is ClipInspector
    with pytest.raises(ModelError, match="single pictures, not at clips"):
        ClipInspector(pictures())
    with pytest.raises(CamviewerError, match="Leave --runtime out"):
        inspector_for(classifier(), "cpu", "onnx")


def test_networks_of_pictures_take_a_clip_as_its_frame() -> None:
    frames = glowing((0.0, 1.0))
    inspector = Inspector(pictures(), "cpu")
    clip = Clip(frames[1].pixels, "glow", frames=frames, place=0)
    seen, plain = (inspector.inspect(f, Request(targets=(0,))) for f in (clip, frames[1]))
    first, second = (i.explanations[0].heatmap for i in (seen, plain))
    np.testing.assert_array_equal(first.values, second.values)
    assert first.ceiling is None


def test_the_network_runs_once_for_all_frames_of_a_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    inspector = ClipInspector(classifier(), "cpu")
    passes: list[tuple[int, ...]] = []
    run = inspector._explainer.run

    def counted(x: Tensor, layer: Layer) -> Run:
        passes.append(tuple(x.shape))
        return run(x, layer)

    monkeypatch.setattr(inspector._explainer, "run", counted)
    frames = glowing((0.1, 0.2, 0.3, 0.4))
    seen = inspector.look(frames)
    assert passes == [(1, 3, FRAMES, 8, 8)]
    # another class or method of a frozen frame: the same clip still
    again = inspector.inspect(seen[2].frame, Request(targets=(RED,), method="layer-cam"))
    assert len(passes) == 1
    assert again.explanations[0].heatmap.values[0, 0] == pytest.approx(0.3 / 256, abs=1e-4)
    inspector.inspect(Clip(frames[0].pixels, "glow", frames=frames[::-1], place=0))
    assert len(passes) == 2


def test_more_frames_than_the_network_takes_are_thinned_out(inspector: ClipInspector) -> None:
    strengths = tuple(np.linspace(0, 1, 13).tolist())
    seen = inspector.look(glowing(strengths), Request(targets=(RED,)))
    peaks = [inspection.explanations[0].heatmap.peak for inspection in seen]
    assert len(peaks) == 13
    assert peaks == sorted(peaks)
    assert peaks[6] == pytest.approx(0.5, abs=0.01)


def test_nothing_and_places_beyond_the_clip_are_no_clip(inspector: ClipInspector) -> None:
    assert inspector.look(()) == ()
    frames = glowing((0.0, 1.0))
    for place in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="no place"):
            Clip(frames[0].pixels, "glow", frames=frames, place=place)


def test_methods_that_look_at_one_picture_are_refused(inspector: ClipInspector) -> None:
    obstacles = inspector.methods()
    assert obstacles["grad-cam"] == obstacles["cam"] == ""
    assert "looks at clips" in obstacles["score-cam"]
    (frame, *_) = glowing((1.0,))
    with pytest.raises(MethodError, match=r"RISE cannot serve here.*Use the method auto"):
        inspector.inspect(frame, Request(method="rise"))
    with pytest.raises(MethodError, match="No method 'zzz'"):
        inspector.inspect(frame, Request(method="zzz"))
    with pytest.raises(MethodError, match="Occlusion"):
        inspector.require("occlusion", None)
    inspector.require("grad-cam", None)
    assert inspector.sharpest() == Sharper()
    with pytest.raises(MethodError, match="Ask for plain maps"):
        inspector.require("auto", None, SHARPEST)
    with pytest.raises(MethodError, match="Ask for plain maps"):
        inspector.inspect(frame, Request(sharper=Sharper(flip=True)))


def test_questions_are_asked_of_clips_too(inspector: ClipInspector) -> None:
    frames = glowing((0.0, 0.5, 1.0, 0.5))
    against = inspector.look(frames, Request(targets=(ANY,), question=Question(Ask.AGAINST)))
    np.testing.assert_allclose(against[2].explanations[0].heatmap.values[:2, :2], -0.5, atol=1e-6)
    reference = glowing((1.0,))[0]
    like = inspector.look(frames, Request(question=Question(Ask.LIKE, reference=reference)))
    assert like[2].explanations[0].heatmap.score == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("fit", Fit)
def test_maps_of_wide_frames_lie_over_all_of_them(inspector: ClipInspector, fit: Fit) -> None:
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, 8:, 0] = 255
    frame = Frame(pixels, "wide")
    (inspection, *_) = inspector.look((frame,) * FRAMES, Request(targets=(RED,), fit=fit))
    heatmap = inspection.explanations[0].heatmap
    assert heatmap.values.shape == (8, 16 if fit is Fit.WHOLE else 8)
    assert heatmap.at(12, 4) == pytest.approx(1.0, abs=0.01)
    assert heatmap.at(5, 4) == pytest.approx(0.0, abs=0.01)


def test_tokens_of_a_network_of_one_size() -> None:
    inspector = ClipInspector(classifier(ClassToken3d(), fixed_size=True), "cpu")
    assert inspector.automatic_layer.name == "ln_1"
    assert inspector.input_sizes is None
    seen = inspector.look(glowing((0.0, 0.2, 1.0, 0.4)), Request(targets=(1,)))
    maps = [inspection.explanations[0].heatmap.values for inspection in seen]
    assert {m.shape for m in maps} == {(4, 4)}
    assert not np.allclose(maps[0], maps[3])
    np.testing.assert_allclose(maps[1], 0.75 * maps[0] + 0.25 * maps[3], atol=1e-6)
    assert seen[0].origin.method == "grad-cam"


def test_long_clips_are_opened_with_few_frames() -> None:
    """Opening takes a while, and 64 frames would take four times that."""
    Noting.shapes.clear()
    inspector = ClipInspector(classifier(Noting(), frames=64), "cpu")
    assert {shape[2] for shape in Noting.shapes} == {16}
    Noting.shapes.clear()
    assert len(inspector.look(glowing((1.0,) * 5))) == 5
    assert {shape[2] for shape in Noting.shapes} == {64}


class Noting(Gap3d):
    """Notes the shapes of what it is given."""

    shapes: ClassVar[list[tuple[int, ...]]] = []

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(noted(x))


@torch.fx.wrap
def noted(x: Tensor) -> Tensor:
    Noting.shapes.append(tuple(x.shape))
    return x


def test_records_name_the_frames_that_were_looked_at(inspector: ClipInspector) -> None:
    frames = glowing((0.0, 0.5, 1.0, 0.5))
    assert record(inspector.look(frames)[1])["clip"] == [0, 1, 2, 3]
    assert "clip" not in record(inspector.inspect(frames[0]))


def test_faithfulness_is_measured_on_pictures_only(inspector: ClipInspector) -> None:
    inspection = inspector.inspect(glowing((1.0,))[0])
    with pytest.raises(MethodError, match="Choose a network of pictures"):
        subject(inspector, inspection)


@given(
    st.integers(1, 50),
    st.integers(1, 50),
    st.integers(1, 50),
    st.integers(1, 50),
    st.sampled_from(Fit),
)
def test_copies_at_another_size_lie_in_the_input_alike(
    height: int, width: int, rows: int, columns: int, fit: Fit
) -> None:
    geometry = Preprocessing(input_size=32, resize_size=40).geometry((height, width), fit)
    copy = geometry.resized((rows, columns))
    assert isinstance(copy, Geometry)
    assert (copy.picture, copy.input, copy.offset) == (
        (rows, columns),
        geometry.input,
        geometry.offset,
    )
    corner = geometry.to_input(width, height)
    assert copy.to_input(columns, rows) == pytest.approx(corner)
