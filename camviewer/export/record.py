"""The record of an inspection: what was seen, and all that is needed to repeat it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from camviewer import __version__
from camviewer.export.files import written_whole
from camviewer.types import Box, Clip, Explanation, Frame, Inspection

Record = dict[str, Any]

_TOP = 5
_ALL = 20  # networks with few classes list them all


def record(inspection: Inspection, top: int = _TOP) -> Record:
    """The inspection as plain numbers and strings.

    Args:
        inspection: what is recorded.
        top: how many of the most probable classes are listed; all of up to twenty.

    Returns:
        Ready for JSON. Sizes and boxes in picture pixels, scores in [0, 1] (None where the network
        gave no finite number). ``threshold`` is the rule's own number; ``cut`` is the share of the
        map's maximum from which on a place belongs to a box. Nothing in it depends on the time.
    """
    height, width = inspection.frame.size
    origin = inspection.origin
    count = len(inspection.predictions) if len(inspection.predictions) <= _ALL else top
    return {
        "image": inspection.frame.source,
        "width": width,
        "height": height,
        "model": origin.model,
        "weights": origin.weights,
        "weights_sha256": origin.weights_sha256,
        "layer": origin.layer,
        "method": origin.method,
        "question": _question(inspection),
        "sharper": list(origin.sharper),
        "device": origin.device,
        "runtime": origin.runtime,
        "note": origin.note,
        "fit": str(origin.fit),
        "input_width": inspection.geometry.input[1],
        "input_height": inspection.geometry.input[0],
        "multi_label": inspection.multi_label,
        "predictions": [
            {"index": p.index, "label": p.label, "score": _number(p.score, 6)}
            for p in inspection.top(count)
        ],
        **_clip(inspection.frame),
        "explanations": [_explanation(e) for e in inspection.explanations],
        "camviewer": __version__,
    }


def to_json(entry: Record, indent: int | None = None) -> str:
    """A record as ASCII JSON: one line unless indented, printable on any console."""
    return json.dumps(entry, indent=indent, allow_nan=False)


def save_record(inspection: Inspection, path: Path) -> None:
    """Save the record as JSON.

    Raises:
        ExportError: if it cannot be written.
    """
    text = to_json(record(inspection), indent=2)
    with written_whole(path) as file:
        file.write(f"{text}\n".encode("ascii"))


def _question(inspection: Inspection) -> Record:
    """What was asked; ``other`` is the class compared with, ``reference`` the picture."""
    question = inspection.origin.question
    other, reference = question.other, question.reference
    named = None if other is None else inspection.predictions[other]
    return {
        "ask": str(question.ask),
        "other": named and {"index": named.index, "label": named.label},
        "reference": None if reference is None else reference.source,
    }


def _clip(frame: Frame) -> Record:
    """Which frames of the source the network was shown, where it looks at several at once."""
    if not isinstance(frame, Clip):
        return {}
    return {"clip": [shown.number for shown in frame.frames]}


def _explanation(explanation: Explanation) -> Record:
    heatmap, rule = explanation.heatmap, explanation.rule
    return {
        "index": heatmap.target,
        "label": heatmap.label,
        "score": _number(heatmap.score, 6),
        "present": heatmap.present,
        "rule": str(rule.rule),
        "threshold": rule.threshold,
        "min_area": rule.min_area,
        "grabcut": rule.grabcut,
        "cut": _number(explanation.boxes[0].threshold, 6) if explanation.boxes else None,
        "boxes": [_box(box) for box in explanation.boxes],
    }


def _box(box: Box) -> Record:
    numbered = {} if box.number is None else {"number": box.number}
    return {
        "x": _number(box.x, 2),
        "y": _number(box.y, 2),
        "width": _number(box.width, 2),
        "height": _number(box.height, 2),
        "score": _number(box.score, 6),
        **numbered,
    }


def _number(value: float, digits: int) -> float | None:
    """Rounded, so that the last bit of a sum makes no difference; JSON knows no NaN."""
    return round(float(value), digits) if math.isfinite(value) else None
