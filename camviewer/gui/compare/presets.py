"""What is worth comparing: methods, layers, classes, networks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from camviewer.cam.methods import AUTO, METHODS
from camviewer.cam.split import Layer
from camviewer.gui.compare.setting import Setting
from camviewer.gui.model_info import ModelInfo
from camviewer.types import Inspection

FEWEST = 2
MOST = 6
OFFERED = 4
# each looks at something else than those before it, and none takes long
_TELLING = ("legrad", "layer-cam", "grad-cam++", "eigen-cam", "grad-cam", "hires-cam", "cam")
# where pooling and one linear layer follow, these are the same map
_ALIKE = frozenset({"cam", "grad-cam", "xgrad-cam", "hires-cam"})
_TO_A_NUMBER = re.compile(r".*?\d+")


def methods(current: Setting, used: str) -> tuple[Setting, ...]:
    """The present method and others that serve and differ, with everything else as it is.

    Args:
        current: the setting.
        used: the method that `current` comes down to, by name.
    """
    obstacles = current.model.obstacles
    linear = not obstacles.get("cam", "unknown")
    names = [used]
    for name in _TELLING:
        alike = linear and name in _ALIKE and not _ALIKE.isdisjoint(names)
        if name in METHODS and name not in names and not alike and not obstacles.get(name):
            names.append(name)
    return tuple(replace(current, method=name) for name in names[:OFFERED])


def layers(current: Setting, used: str) -> tuple[Setting, ...]:
    """The ends of the network's stages, first to last, by one method that serves at all of them."""
    method = METHODS.get(used)
    serves = method is not None and method.layered and used != "cam"
    name = used if serves else "grad-cam"
    inspector = current.model.inspector
    ends = stage_ends(inspector.layers, inspector.automatic_layer)
    return tuple(replace(current, method=name, layer=layer.name) for layer in ends)


def classes(current: Setting, inspection: Inspection) -> tuple[Setting, ...]:
    """The most probable classes, one to a pane."""
    return tuple(replace(current, targets=(p.index,)) for p in inspection.top(OFFERED))


def models(current: Setting, known: Iterable[ModelInfo]) -> tuple[Setting, ...]:
    """The present network and the others that are loaded."""
    others = [current.on(model) for model in known if model is not current.model]
    return (current, *others)[:MOST]


def stage_ends(found: Sequence[Layer], automatic: Layer, most: int = OFFERED) -> list[Layer]:
    """The last layers of a network's stages, at most so many, the deepest ones kept.

    A stage ends where the cells become fewer; where they never do, where a numbered block ends.

    Args:
        found: all layers, in the order of execution.
        automatic: stands for its own stage.
        most: how many at most; one is always the automatic one.
    """
    grids = [layer for layer in found if min(layer.cells) > 1] or list(found)
    by_cells = _ends(*_stages(grids), automatic)
    if len(by_cells) > 1:
        return by_cells[-most:]
    blocks = [_TO_A_NUMBER.match(layer.name) for layer in grids]
    numbered = [(m.group(), g) for m, g in zip(blocks, grids, strict=True) if m is not None]
    by_block = _ends([g for _, g in numbered], [name for name, _ in numbered], automatic)
    ends = by_block or [automatic]
    last = len(ends) - 1
    count = min(most, len(ends))
    return [ends[round(k * last / max(count - 1, 1))] for k in range(count)]


def _stages(found: Sequence[Layer]) -> tuple[list[Layer], list[str]]:
    """Layers with the numbers of their stages; a stage has at most half the cells of the last."""
    kept, stages, first, stage = [], [], math.inf, 0
    for layer in found:
        cells = layer.cells[0] * layer.cells[1]
        if cells > first:
            continue  # finer than what came before: a table of positions, say
        if cells <= first / 2:
            first, stage = cells, stage + 1
        kept.append(layer)
        stages.append(str(stage))
    return kept, stages


def _ends(found: Sequence[Layer], stages: Sequence[str], automatic: Layer) -> list[Layer]:
    """The last layer of each stage, in the order in which the stages end."""
    ends: dict[str, Layer] = {}
    for layer, stage in zip(found, stages, strict=True):
        if ends.get(stage) is not automatic:
            ends.pop(stage, None)
            ends[stage] = layer
    return list(ends.values())


def used_method(setting: Setting) -> str:
    """What ``auto`` comes down to at the automatic layer, before anything is inspected."""
    if setting.method != AUTO:
        return setting.method
    return "grad-cam" if setting.model.obstacles.get("cam", "unknown") else "cam"
