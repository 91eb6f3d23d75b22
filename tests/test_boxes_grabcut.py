"""Boxes moved to the picture's own edges."""

import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from camviewer.boxes import explain, find_boxes, rebox
from camviewer.types import Box, BoxRule, Frame, Map, Rule
from tests.inspections import cropped, heatmap, inspection, letterboxed, whole
from tests.test_edges import pyramid, rectangle

REFINED = BoxRule(threshold=0.5, grabcut=True)
PLAIN = BoxRule(threshold=0.5)
maps = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements=st.floats(-1, 1, width=16),
)


def edges(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.x + box.width, box.y + box.height


def test_the_box_is_the_rectangle_to_the_pixel() -> None:
    frame = Frame(rectangle(60, 80, slice(20, 44), slice(30, 64)), "")
    hill = heatmap(pyramid(6, 8, 3.2, 4.7, 1 / 3), whole((60, 80)), score=0.5)
    (plain,), (box,) = explain(hill, PLAIN, frame).boxes, explain(hill, REFINED, frame).boxes
    assert edges(plain) != pytest.approx((30, 20, 64, 44), abs=1)
    assert edges(box) == (30, 20, 64, 44)
    assert (box.score, box.threshold, box.label) == (plain.score, plain.threshold, plain.label)


def test_a_large_picture_is_cut_out_small() -> None:
    # 1280 pixels on 128: edges are known to ten pixels
    frame = Frame(rectangle(960, 1280, slice(320, 700), slice(480, 1024)), "")
    hill = heatmap(pyramid(6, 8, 3.2, 4.7, 1 / 3), whole((960, 1280)))
    (box,) = explain(hill, REFINED, frame).boxes
    assert edges(box) == pytest.approx((480, 320, 1024, 700), abs=10)


def test_each_box_keeps_to_its_own_part() -> None:
    pixels = rectangle(60, 120, slice(20, 44), slice(8, 42))
    pixels[14:40, 76:110] = (230, 120, 30)
    left, right = pyramid(6, 12, 3.2, 2.5, 1 / 3), pyramid(6, 12, 2.7, 9.3, 1 / 3)
    values = np.maximum(left, 0.9 * right)
    rule = BoxRule(Rule.ALL, 0.5, grabcut=True)
    first, second = explain(heatmap(values, whole((60, 120))), rule, Frame(pixels, "")).boxes
    assert edges(first) == (8, 20, 42, 44)
    assert edges(second) == (76, 14, 110, 40)


def test_a_map_that_leaves_no_background_keeps_the_plain_box() -> None:
    frame = Frame(rectangle(30, 40, slice(5, 20), slice(8, 30)), "")
    flat = heatmap([[2, 2], [2, 2]], whole((30, 40)))
    (box,) = explain(flat, REFINED, frame).boxes
    assert edges(box) == (0, 0, 40, 30)


def test_a_cut_out_that_lost_most_of_the_object_is_not_believed() -> None:
    # only the middle of the box differs from everything around it
    frame = Frame(rectangle(60, 80, slice(28, 36), slice(41, 53)), "")
    hill = heatmap(pyramid(6, 8, 3.2, 4.7, 1 / 3), whole((60, 80)))
    rule = BoxRule(threshold=0.65, grabcut=True)
    assert explain(hill, rule, frame).boxes == find_boxes(hill, rule)


def test_nothing_found_is_nothing_refined() -> None:
    frame = Frame(rectangle(20, 20, slice(5, 9), slice(5, 9)), "")
    assert explain(heatmap([[-1, 0], [0, 0]], whole((20, 20))), REFINED, frame).boxes == ()


def test_the_rule_alone_decides() -> None:
    frame = Frame(rectangle(60, 80, slice(20, 44), slice(30, 64)), "")
    seen = inspection(heatmap(pyramid(6, 8, 3.2, 4.7, 1 / 3), whole((60, 80))), picture=frame)
    refined = rebox(seen, REFINED)
    assert edges(refined.explanations[0].boxes[0]) == (30, 20, 64, 44)
    plain = rebox(refined, PLAIN).explanations[0]
    assert plain.boxes == find_boxes(plain.heatmap, PLAIN)


def test_refining_costs_less_than_a_frame_at_1080p() -> None:
    frame = Frame(rectangle(1080, 1920, slice(300, 800), slice(500, 1300)), "")
    hill = heatmap(pyramid(14, 25, 7, 12, 1 / 8), whole((1080, 1920)))
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    seconds = []
    try:
        for _ in range(10):
            start = time.thread_time()
            explain(hill, REFINED, frame)
            seconds.append(time.thread_time() - start)
    finally:
        cv2.setNumThreads(threads)
    # thread time, and the fastest of ten: other work on the machine does not count
    assert min(seconds) < 0.016


@settings(max_examples=30)
@given(values=maps, kind=st.sampled_from(["whole", "crop", "letterbox"]), seed=st.integers(0, 9))
def test_boxes_stay_in_the_seen_part_and_none_is_lost(values: Map, kind: str, seed: int) -> None:
    picture = (37, 150)
    geometry = {
        "whole": whole(picture),
        "crop": cropped(picture, 30),
        "letterbox": letterboxed(picture, 160),
    }[kind]
    noise = np.random.default_rng(seed).integers(0, 256, (*picture, 3), np.uint8)
    shown = heatmap(values, geometry)
    rule = BoxRule(Rule.ALL, 0.4, 0, grabcut=True)
    boxes = explain(shown, rule, Frame(noise, "")).boxes
    assert len(boxes) == len(find_boxes(shown, rule))
    left, top, right, bottom = geometry.seen
    for box in boxes:
        x0, y0, x1, y1 = edges(box)
        assert left <= x0 < x1 <= right + 1e-9
        assert top <= y0 < y1 <= bottom + 1e-9
