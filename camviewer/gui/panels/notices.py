"""What is said about an answer that shows little or nothing, in plain words."""

from __future__ import annotations

from camviewer.gui.panels.class_model import percent
from camviewer.types import Ask, Heatmap, Inspection, Question

_SAME = 0.995  # cosine


def notice_for(inspection: Inspection | None, question: Question, *, follows: bool) -> str:
    """What the person should know; empty when the answer speaks for itself.

    Args:
        inspection: the answer.
        question: what was asked.
        follows: whether the network itself chose the classes.
    """
    if inspection is None:
        return ""
    if question.ask is Ask.LIKE:
        return _on_likeness([e.heatmap for e in inspection.explanations])
    if question.ask is Ask.RATHER_THAN and question.other is not None:
        other = inspection.predictions[question.other]
        targets = [e.heatmap.target for e in inspection.explanations]
        if not targets or targets == [other.index]:
            return (
                f"“{other.label}” cannot be compared with itself. "
                f"Click a class to see why it, rather than “{other.label}”."
            )
    found = [e for e in inspection.explanations if e.heatmap.present]
    if inspection.multi_label and follows and not found:
        nearest = inspection.top(1)[0]
        return (
            "Nothing found: no class reaches its threshold. "
            f"Nearest: {nearest.label}, {percent(nearest.score)}."
        )
    return _on_empty_maps([e.heatmap for e in inspection.explanations], question)


def _on_likeness(heatmaps: list[Heatmap]) -> str:
    if not heatmaps:
        return ""
    heatmap = heatmaps[0]
    if not heatmap.positive.any() and heatmap.score > _SAME:
        return (
            "To this network both pictures are the same: nothing in one could make it more like "
            "the other."
        )
    if not heatmap.positive.any():
        return "To this network nothing here looks like the reference picture."
    return f"Likeness {heatmap.score:.2f}: 1 is the same to the network, 0 has nothing in common."


def _on_empty_maps(heatmaps: list[Heatmap], question: Question) -> str:
    empty = [heatmap.label for heatmap in heatmaps if not heatmap.positive.any()]
    if not empty:
        return ""
    named = ", ".join(f"“{label.removeprefix('against ')}”" for label in empty)
    against = question.ask is Ask.AGAINST
    return f"At this layer nothing speaks {'against' if against else 'for'} {named}."
