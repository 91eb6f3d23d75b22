"""A network of clips before a camera: it needs the frames that nobody takes, too."""

from __future__ import annotations

import threading

import numpy as np

from camviewer.inspector import ClipInspector, Request
from camviewer.live.clips import ClipEye
from camviewer.live.loop import Loop, Settings
from camviewer.live.slot import Arrival, Slot
from camviewer.types import Clip, Frame
from tests.test_inspector_clips import ANY, classifier

ABOUT_ALL = Request(targets=(ANY,))


def arrival(number: int, epoch: int = 0) -> Arrival:
    """All white where the number is odd: the map says of which frame it is."""
    pixels = np.full((8, 8, 3), 255 * (number % 2), np.uint8)
    return Arrival(Frame(pixels, "camera", number, number / 10), float(number), epoch)


def eye() -> ClipEye:
    return ClipEye(ClipInspector(classifier(), "cpu"))


def test_frames_that_nobody_took_are_in_the_clip() -> None:
    slot, look = Slot(), eye()
    slot.tap = look.notice
    for number in range(8):
        slot.put(arrival(number))
    result = Loop(slot, look, lambda: Settings(ABOUT_ALL)).step(timeout=0)
    assert result is not None
    shown = result.inspection.frame
    assert isinstance(shown, Clip)
    assert (shown.number, [f.number for f in shown.frames]) == (7, [4, 5, 6, 7])
    assert slot.dropped == 7
    heatmap = result.inspection.explanations[0].heatmap
    np.testing.assert_allclose(heatmap.values, 1.5, atol=1e-5)


def test_without_a_tap_it_remembers_what_it_saw() -> None:
    look = eye()
    for number in range(6):
        inspection = look(arrival(number).frame, ABOUT_ALL)
    assert isinstance(inspection.frame, Clip)
    assert [f.number for f in inspection.frame.frames] == [2, 3, 4, 5]
    assert [i.number for i in look(arrival(9).frame, ABOUT_ALL).frame.frames][-1] == 9


def test_a_clip_that_was_kept_is_seen_as_it_was() -> None:
    """A frozen frame, asked again later, about another class."""
    look = eye()
    for number in range(6):
        frozen = look(arrival(number).frame, ABOUT_ALL)
    look(arrival(20).frame, ABOUT_ALL)
    again = look(frozen.frame, Request(targets=(0,)))
    assert again.frame is frozen.frame
    assert [p.logit for p in again.predictions] == [p.logit for p in frozen.predictions]


def test_no_map_lies_on_another_frame_while_the_camera_goes_on() -> None:
    slot, look = Slot(), eye()
    slot.tap = look.notice
    loop = Loop(slot, look, lambda: Settings(ABOUT_ALL))
    looked = threading.Event()

    def capture() -> None:
        for number in range(400):
            slot.put(arrival(number))
            if number % 40 == 39:  # now and then the camera waits, so that some are looked at
                looked.wait(5)
                looked.clear()
        slot.close()

    camera = threading.Thread(target=capture)
    camera.start()
    seen = []
    while camera.is_alive() or not seen:
        result = loop.step(timeout=0.05)
        looked.set()
        if result is not None:
            seen.append(result.inspection)
    camera.join()
    assert len(seen) >= 5
    for inspection in seen:
        odd = inspection.frame.number % 2
        np.testing.assert_allclose(inspection.explanations[0].heatmap.values, 1.5 * odd, atol=1e-5)
        assert isinstance(inspection.frame, Clip)
        times = [f.time for f in inspection.frame.frames]
        assert times == sorted(times)
        assert times[-1] == inspection.frame.time


def test_a_slot_without_a_tap_is_as_before() -> None:
    slot = Slot()
    first, second = arrival(1), arrival(2)
    slot.put(first)
    slot.put(second)
    assert slot.take(0) is second
    tapped: list[Arrival] = []
    slot.tap = tapped.append
    slot.put(first)
    slot.tap = None
    slot.put(second)
    assert tapped == [first]
    assert slot.take(0) is second
