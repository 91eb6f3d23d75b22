"""Keeps the figures of the model card and the record equal to what was measured."""

from pathlib import Path
from typing import Any

from camviewer.errors import ModelError
from camviewer.teach.starter.evaluate import table
from camviewer.teach.starter.shipped import Record, write_record

CARD = "MODEL_CARD.md"
_START, _END = "<!-- figures: start -->", "<!-- figures: end -->"


def record_figures(folder: Path, record: Record, figures: dict[str, Any]) -> None:
    """Write the figures into starter.json and, where there is one, into the card.

    Raises:
        ModelError: the card has lost the marks between which the figures belong.
    """
    record.figures = figures
    write_record(folder, record)
    card = folder / CARD
    if not card.exists():
        return
    text = card.read_text(encoding="utf-8")
    if _START not in text or _END not in text:
        raise ModelError(f"{card} needs the lines {_START} and {_END} around its figures.")
    before, after = text.split(_START)[0], text.split(_END)[1]
    card.write_text(f"{before}{_START}\n{section(record, figures)}\n{_END}{after}", "utf-8")


def section(record: Record, figures: dict[str, Any]) -> str:
    """The card's figures in Markdown."""
    trained = ", ".join(f"{value} {key}" for key, value in record.training.items())
    return (
        f"Weights `{record.sha256[:12]}`, trained {record.trained} ({trained}); "
        f"{figures['scenes']} scenes each for A and B, input {record.input_size} px; false alarms "
        f"on {figures['false_alarm_views']} views of {figures['photographs']} photographs.\n\n"
        f"{table(figures)}\n\n"
        f"Worst false alarm of a class: {figures['false_alarm']:.3f}."
    )
