"""What is composed off the GUI thread, and where."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from camviewer.gui.composing import compose, shrink
from camviewer.gui.viewport import Viewport
from camviewer.render import View, on_device
from camviewer.render.on_device import Blender
from camviewer.types import Inspection, Pixels
from tests.inspections import heatmap, inspection, whole

SIZE = 120, 200


def explained(device: str) -> Inspection:
    made = inspection(heatmap(np.eye(3, 5), whole(SIZE)))
    return replace(made, origin=replace(made.origin, device=device))


def composed(shown: Inspection, width: float, height: float) -> Pixels:
    viewport = Viewport()
    viewport.resize(width, height, 1.0)
    done = compose(shown.frame, shown, View(), viewport)
    assert done is not None
    return done.pixels


@pytest.mark.parametrize("size", [(216, 136), (116, 96), (816, 616)])
def test_the_device_that_explained_a_picture_blends_it(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At actual size, smaller, and enlarged."""
    asked: list[str] = []

    def there(device: str) -> Blender:
        asked.append(device)
        return Blender(torch.device("cpu"))

    expected = composed(explained("cpu"), *size)
    assert asked == []
    monkeypatch.setattr(on_device, "blender", there)
    found = composed(explained("cuda:1"), *size)
    assert asked == ["cuda:1"]
    off = np.abs(found.astype(int) - expected)
    # noise is made smaller in another way
    assert off.max() <= 1 or (size == (116, 96) and off.mean() < 10)


def test_where_the_device_fails_the_cpu_blends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_device, "blender", lambda _: lambda *_: None)
    found = composed(explained("cuda"), 116, 96)
    monkeypatch.undo()
    np.testing.assert_array_equal(found, composed(explained("cpu"), 116, 96))


def test_a_picture_is_made_smaller_before_it_is_explained() -> None:
    shown, viewport = explained("cpu"), Viewport()
    viewport.resize(116, 96, 1.0)
    bare = shrink(shown.frame, viewport)
    assert bare is not None
    done = compose(shown.frame, shown, View(), viewport, bare)
    assert done is not None
    np.testing.assert_array_equal(done.pixels, composed(shown, 116, 96))
    # nothing else is taken for it: neither another picture nor another size
    dark = replace(bare, pixels=np.zeros_like(bare.pixels))
    taken = compose(shown.frame, None, View(), viewport, dark)
    assert taken is not None
    assert not taken.pixels[..., :3].any()
    other = explained("cpu")
    assert other.frame is not shown.frame
    for frame, width in ((other.frame, 116), (shown.frame, 96)):
        viewport.resize(width, 96, 1.0)
        apart = compose(frame, None, View(), viewport, dark)
        assert apart is not None
        assert apart.pixels[..., :3].any()
