"""Results in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from camviewer.teach.figures import GOOD, Answer
from camviewer.teach.results import OUTCOMES, Results

_FEW = 20  # held-out pictures, below which the figure is rough


def headline(results: Results) -> str:
    """How good it is."""
    count = len(results.answers)
    return f"{results.hits} of {count} right" if count else "Not tried out"


def meaning(results: Results) -> str:
    """What the headline means, and how sure it is."""
    count = len(results.answers)
    if not count:
        return (
            "No picture could be held out, so how good it is cannot be told. Add other pictures to "
            "each class, or record it a second time."
        )
    low, high = (round(100 * share) for share in results.interval)
    said = f"These are pictures that it had not seen. Of others like them expect {low} to {high} %."
    if low <= round(100 * _guessed(results)):
        said += (
            " That may be no better than guessing: add pictures that differ, or build upon another "
            "network."
        )
    elif count < _FEW:
        said += " They are few: with more pictures the figure gets surer."
    elif results.hits < GOOD * count and not results.small:
        said += (
            " If the things fill little of a picture, choose Small things under More options and "
            "teach again."
        )
    return said


def _guessed(results: Results) -> float:
    """The share that is right if the most frequent class is always said."""
    shown = Counter(answer.truth for answer in results.answers)
    return max(shown.values()) / len(results.answers)


def origin(results: Results) -> str:
    """When and how it was taught, in a line."""
    try:
        when = f"{datetime.fromisoformat(results.date):%d %b %Y, %H:%M}"
    except ValueError:  # of a file that somebody changed
        when = results.date
    how = "deep" if results.deep else "fast"
    how += ", small things" if results.small else ""
    return (
        f"{when} · {how}, on {results.backbone} · {results.taught} pictures · "
        f"{_seconds(results.seconds)}"
    )


def of_table(results: Results) -> tuple[str, str]:
    """A title for the table of counts, and what its rows and columns are."""
    if results.several:
        return (
            "What was found",
            "In how many pictures each class was found, was missed, or was seen but is not there.",
        )
    return (
        "What was taken for what",
        "Rows: what the pictures show. Columns: what they were taken for.",
    )


def of_column(results: Results, column: str) -> str:
    """What a column of it is."""
    if not results.several:
        return f"Taken for “{column}”"
    told = ("It is shown, and was found", "It is shown, but was missed", "It was seen, but is not")
    return dict(zip(OUTCOMES, told, strict=True))[column]


def of_cell(results: Results, shown: str, column: str) -> tuple[str, str]:
    """A heading for the pictures of a cell of the table, and what to look for."""
    count = len(results.cell(shown, column))
    pictures = "1 picture" if count == 1 else f"{count} pictures"
    if not results.several:
        if shown == column:
            return f"{pictures} of “{shown}” recognised", _LOOK
        return f"{pictures} of “{shown}” taken for “{column}”", WHY
    found, missed, _ = OUTCOMES
    if column == found:
        return f"“{shown}” found in {pictures}", _LOOK
    if column == missed:
        return f"“{shown}” missed in {pictures}", WHY
    return f"“{shown}” seen in {pictures} that {'does' if count == 1 else 'do'} not show it", WHY


def of_answer(answer: Answer) -> str:
    """What a picture shows, and what was said of it."""
    truth = _listed(answer.truth)
    if answer.right:
        return f"{truth}, recognised"
    if len(answer.truth) == len(answer.predicted) == 1:
        return f"{truth}, taken for {_listed(answer.predicted)}"
    missed = [name for name in answer.truth if name not in answer.predicted]
    wrong = [name for name in answer.predicted if name not in answer.truth]
    said = [f"{_listed(missed)} missed"] if missed else []
    said += [f"{_listed(wrong)} seen"] if wrong else []
    return f"{truth}: {', '.join(said)}"


def _listed(names: Sequence[str]) -> str:
    *first, last = [f"“{name}”" for name in names] or ["None of them"]
    return f"{', '.join(first)} and {last}" if first else last


_LOOK = (
    "The least sure first. Look whether the heatmaps lie on the thing: a network that goes by the "
    "background fails elsewhere."
)

WHY = (
    "Why did it fail here? The heatmaps show what spoke for the wrong class, and what for the "
    "right one. If one lies beside the thing, the network goes by something else."
)


def of_mistakes(results: Results) -> tuple[str, str]:
    """The same for all mistakes."""
    count = len(results.mistakes)
    if not results.answers:
        return "No pictures were held out", ""
    if not count:
        return "No mistakes", "Click a number above to see how sure it was, and why."
    return ("The one mistake" if count == 1 else f"{count} mistakes, the worst first"), WHY


def shortened(notes: Sequence[str], most: int) -> list[str]:
    """The first notes, and how many more there are."""
    left = len(notes) - most
    return [*notes[:most], *([f"And {left} more of the kind."] if left > 0 else [])]


def _seconds(seconds: float) -> str:
    said = f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"
    return said.replace(" ", "\N{NO-BREAK SPACE}")  # the unit stays with its number
