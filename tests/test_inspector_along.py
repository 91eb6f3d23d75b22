"""Which frames a network of clips is shown: of a live source, and along a video."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from camviewer.inspector import ClipInspector, ClipWindow, Inspector, Request, along
from camviewer.inspector.along import clips_along
from camviewer.models.video_preprocess import ClipPreprocessing
from camviewer.types import Clip, Frame
from tests.test_inspector_clips import classifier, pictures

EXPECTED = ClipPreprocessing((0, 0, 0), (1, 1, 1), 8, 8, frames=4, rate=10.0)  # 0.4 s


def frame(
    number: int, rate: float = 10.0, size: tuple[int, int] = (8, 8), source: str = "a"
) -> Frame:
    pixels = np.full((*size, 3), number % 256, np.uint8)
    return Frame(pixels, source, number, number / rate)


def numbers(frames: Iterable[Frame]) -> list[int]:
    return [f.number for f in frames]


def seen(window: ClipWindow, *frames: Frame) -> ClipWindow:
    for one in frames:
        window.add(one)
    return window


def test_a_live_clip_ends_with_the_newest_frame() -> None:
    window = seen(ClipWindow(EXPECTED), *(frame(i) for i in range(8)))
    newest = frame(7)
    clip = window.ending_at(newest)
    assert numbers(clip.frames) == [4, 5, 6, 7]
    assert clip.frames[-1] is newest
    assert (clip.place, clip.number, clip.time) == (3, 7, 0.7)
    assert clip.pixels is newest.pixels


def test_who_looks_late_sees_nothing_of_what_came_after() -> None:
    window = seen(ClipWindow(EXPECTED), *(frame(i) for i in range(8)))
    assert numbers(window.ending_at(frame(5)).frames) == [2, 3, 4, 5]


@given(st.floats(0.5, 240))
def test_frames_are_picked_by_time(rate: float) -> None:
    window = seen(ClipWindow(EXPECTED), *(frame(i, rate) for i in range(31)))
    newest = frame(30, rate)
    clip = window.ending_at(newest)
    assert clip.frames[-1] is newest
    for wanted, picked in zip((0.3, 0.2, 0.1), clip.frames, strict=False):
        time = max(newest.time - wanted, 0)  # before the first frame it is repeated
        assert abs(picked.time - time) <= max(0.5 / rate, 0.04) + 1e-6


def test_before_the_first_frame_it_is_repeated() -> None:
    window = seen(ClipWindow(EXPECTED), frame(0))
    assert numbers(window.ending_at(frame(1)).frames) == [0, 0, 0, 1]
    assert numbers(ClipWindow(EXPECTED).ending_at(frame(3)).frames) == [3, 3, 3, 3]


def test_another_source_and_what_comes_after_a_jump_back_are_forgotten() -> None:
    window = seen(ClipWindow(EXPECTED), *(frame(i) for i in range(8)))
    back = frame(6)  # a step back in a video: what lies before it is still true
    window.add(back)
    assert numbers(window.ending_at(back).frames) == [3, 4, 5, 6]
    window.add(frame(7, source="b"))
    assert numbers(window.ending_at(frame(8, source="b")).frames) == [7, 7, 7, 8]


@given(st.floats(0.5, 240), st.integers(0, 400))
def test_a_window_does_not_grow(rate: float, count: int) -> None:
    window = seen(ClipWindow(EXPECTED), *(frame(i, rate) for i in range(count)))
    assert len(window._frames) <= 1.5 * EXPECTED.seconds / (0.4 / EXPECTED.rate) + 1


def test_what_is_remembered_is_small_but_the_shown_frame_is_whole() -> None:
    window = seen(ClipWindow(EXPECTED), *(frame(i, size=(120, 240)) for i in range(4)))
    clip = window.ending_at(frame(4, size=(120, 240)))
    assert [f.size for f in clip.frames] == [(12, 24)] * 3 + [(120, 240)]
    assert clip.size == (120, 240)
    assert [int(f.pixels.max()) for f in clip.frames] == [1, 2, 3, 4]


def test_every_frame_of_a_video_has_a_clip_around_it() -> None:
    frames = [frame(i) for i in range(12)]
    clips = list(clips_along(EXPECTED, frames))
    assert numbers(clips) == list(range(12))
    assert all(clip.pixels is frames[clip.number].pixels for clip in clips)
    looks = list(dict.fromkeys(tuple(numbers(clip.frames)) for clip in clips))
    assert looks == [(0, 1, 2, 3), (2, 3, 4, 5), (4, 5, 6, 7), (6, 7, 8, 9), (8, 9, 10, 11)]
    for clip in clips:
        assert clip.frames[round(clip.place)].number == clip.number
        first, last = clip.frames[0].number, clip.frames[-1].number
        if first > 0 and last < 11:  # elsewhere the video ends
            assert first < clip.number < last


def test_frames_of_one_clip_share_what_the_network_computes() -> None:
    clips = list(clips_along(EXPECTED, [frame(i, 30.0) for i in range(90)]))
    assert numbers(clips) == list(range(90))
    # two clips of 0.4 seconds each in the time of one, over three seconds
    assert len({id(clip.frames) for clip in clips}) == 15
    middles = [abs(clip.place - 1.5) for clip in clips[9:-9]]
    assert max(middles) <= 1.0 + 1e-6


def test_a_short_video_ends_in_standing_still() -> None:
    clips = list(clips_along(EXPECTED, [frame(0), frame(1)]))
    assert [numbers(clip.frames) for clip in clips] == [[0, 1, 1, 1]] * 2
    assert [clip.place for clip in clips] == [0, 1]
    assert list(clips_along(EXPECTED, [])) == []
    (only,) = clips_along(EXPECTED, [frame(0)])
    assert numbers(only.frames) == [0, 0, 0, 0]


@given(st.lists(st.floats(-0.5, 3.0), max_size=60))
@example([0.625, 0.375])  # the last frame is half-way between two, of which one shows it
def test_no_frame_is_lost_whatever_the_times(steps: list[float]) -> None:
    """Gaps of seconds, several frames at once, and time that goes back."""
    times = np.cumsum([0.0, *(step / 4 for step in steps)])
    frames = [Frame(np.zeros((8, 8, 3), np.uint8), "a", i, float(t)) for i, t in enumerate(times)]
    clips = list(clips_along(EXPECTED, frames))
    assert numbers(clips) == list(range(len(frames)))
    for clip in clips:
        assert len(clip.frames) == EXPECTED.frames
        shown = clip.frames[round(clip.place)]
        # the nearest of the times that the network expects, and the frame nearest to that, which
        # is up to 0.04 s further away where frames come closer than that and are not all kept
        assert abs(shown.time - clip.time) <= 1 / EXPECTED.rate + 0.04 + 1e-6
        if clip.number in numbers(clip.frames):
            assert shown.time == clip.time


def test_a_clip_is_read_ahead_and_no_more() -> None:
    given_out = 0

    def read() -> Iterable[Frame]:
        nonlocal given_out
        for i in range(100):
            given_out += 1
            yield frame(i)

    clips = iter(clips_along(EXPECTED, read()))
    ahead = []
    for clip in clips:
        ahead.append(given_out - clip.number)
        if clip.number == 60:
            break
    assert max(ahead) <= EXPECTED.frames + 1


def test_along_explains_clips_and_pictures() -> None:
    frames = [frame(i * 20) for i in range(8)]
    frames = [Frame(f.pixels, f.source, i, i / 10) for i, f in enumerate(frames)]
    clips = list(along(ClipInspector(classifier(), "cpu"), frames, Request(targets=(2,))))
    assert [i.frame.number for i in clips] == list(range(8))
    assert all(isinstance(i.frame, Clip) for i in clips)
    # every cell is as bright as its own frame: 1.5 times the grey value
    peaks = [i.explanations[0].heatmap.peak for i in clips]
    assert peaks == pytest.approx([1.5 * 20 * n / 255 for n in range(8)], abs=1e-5)
    plain = list(along(Inspector(pictures(), "cpu"), frames, Request(targets=(1,))))
    assert all(i.frame is f for i, f in zip(plain, frames, strict=True))
