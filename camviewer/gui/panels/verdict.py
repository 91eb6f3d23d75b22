"""What deletion and insertion curves say, in a plain sentence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from camviewer.evaluate.curves import Curve
from camviewer.evaluate.faithfulness import Faithfulness

# rules of thumb, not of any paper: the area between the curves as a share of the score
_MUCH, _SOME = 0.35, 0.1
_UNSEEN = 0.05  # a probability below which there is nothing to lose


def crossing(curve: Curve, level: float, *, falling: bool) -> float | None:
    """The share of the picture at which a curve first reaches a level, linear between its points.

    Args:
        curve: as far as it is known.
        level: a score in [0, 1].
        falling: whether it is reached from above.

    Returns:
        In [0, 1]; None if the level is never reached.
    """
    sign = -1 if falling else 1
    gaps = [sign * (score - level) for score in curve.scores]
    if gaps and gaps[0] >= 0:
        return curve.shares[0]
    return _rise(curve.shares, gaps)


def verdict(known: Faithfulness) -> str:
    """Whether the network uses what the map marks, and how that shows; empty while not whole."""
    if known.done < 1 or not known.deletion.scores:
        return ""
    whole = known.deletion.scores[0]
    if whole < _UNSEEN:
        return (
            f"The network hardly sees “{known.label}” in this picture ({_percent(whole)}), so the "
            "curves tell little."
        )
    between = (known.insertion.auc - known.deletion.auc) / whole
    removed = crossing(known.deletion, whole / 2, falling=True)
    added = crossing(known.insertion, whole / 2, falling=False)
    said = f"{_on_removing(removed)}, and {_on_adding(added)}"
    if between >= _MUCH:
        return f"Yes. {said}."
    if between >= _SOME:
        return f"In part. {said}. The network uses more than the map marks."
    return f"Hardly. {said}. The network looks at something else, too, or instead."


def _on_removing(share: float | None) -> str:
    if share is None:
        return "Taking away what is marked never halves the score"
    return f"Taking away the {_percent(share)} marked most halves the score"


def _on_adding(share: float | None) -> str:
    if share is None:
        return "no part of the picture brings half of it back"
    if share == 0:
        return "half of it is there in the blurred picture already"
    return f"the {_percent(share)} marked most bring half of it back"


def _rise(shares: Sequence[float], gaps: Sequence[float]) -> float | None:
    for (low, below), (high, above) in pairwise(zip(shares, gaps, strict=True)):
        if below < 0 <= above:
            return low + (high - low) * below / (below - above)
    return None


def _percent(share: float) -> str:
    return "less than 1 %" if 0 < share < 0.01 else f"{share * 100:.0f} %"
