"""What of a question for one network can be asked of another one, too."""

from __future__ import annotations

from dataclasses import replace

from camviewer.cam.methods import AUTO
from camviewer.gui.model_info import ModelInfo
from camviewer.inspector import Request, Sharper
from camviewer.types import Question


def carried_over(request: Request, old: ModelInfo | None, new: ModelInfo) -> Request:
    """What of a request can be asked of another network, too."""
    same = old is not None and old.classifier.labels == new.classifier.labels
    asks_of_class = request.question.other is not None
    return replace(
        request,
        method=AUTO if new.obstacles.get(request.method) else request.method,
        layer=None,
        input_size=None,
        targets=request.targets if same else None,
        question=request.question if same or not asks_of_class else Question(),
        sharper=within_reach(request.sharper, new.inspector.sharpest()),
    )


def within_reach(sharper: Sharper, best: Sharper) -> Sharper:
    """What of the ways to a sharper map a network can, whose best ones are given."""
    scales = min(sharper.scales, best.scales)
    return replace(sharper, scales=scales, fuse=sharper.fuse and best.fuse)
