"""What ``camviewer evaluate localization`` prints for people, within 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from camviewer.evaluate.localization import Localization
from camviewer.evaluate.tally import Figures

_MOST_CLASSES = 40
_NAME = 20
_CLASS_TITLES = ("pictures", "accuracy", "GT-known", "MaxBoxAcc", "V2", "PxAP", "pointing")
_CLASS_WIDTHS = (9, 9, 9, 10, 7, 7, 9)
_METHOD_TITLES = ("GT-known", "MaxBoxAcc", "at", "top-1 loc", "V2", "PxAP", "ms")
_METHOD_WIDTHS = (9, 10, 6, 10, 7, 7, 8)


def figures_table(result: Localization, threshold: float) -> str:
    """One method's figures, a line each, and a row for each class where there are several.

    Args:
        threshold: of the request's rule.
    """
    lines = [f"{name:46}{value:>8}" for name, value in _rows(result, threshold)]
    if len(result.by_class) > _MOST_CLASSES:
        lines += ["", f"{len(result.by_class)} classes; --json lists their figures."]
    elif len(result.by_class) > 1:
        lines += ["", *_class_rows(result)]
    return "\n".join(lines)


def method_rows(results: Sequence[Localization]) -> str:
    """One line a method."""
    width = max((len(result.method) for result in results), default=0) + 2
    lines = [_row("method", _METHOD_TITLES, _METHOD_WIDTHS, width)]
    for result in results:
        at = result.max_box_acc_threshold
        cells = (
            _percent(result.gt_known),
            _percent(result.max_box_acc),
            "-" if at is None else f"{at:g}",
            _percent(result.top1_localization),
            _percent(result.max_box_acc_v2),
            _percent(result.px_ap),
            f"{result.milliseconds:.1f}",
        )
        lines.append(_row(result.method, cells, _METHOD_WIDTHS, width))
    return "\n".join(lines)


def _rows(result: Localization, threshold: float) -> Iterator[tuple[str, str]]:
    yield "pictures", f"{result.pictures}"
    if result.marked < result.pictures:
        yield "  on which something is marked", f"{result.marked}"
    yield "top-1 accuracy", _percent(result.top1)
    yield f"GT-known localisation, threshold {threshold:g}", _percent(result.gt_known)
    for overlap, share in result.gt_known_by_overlap.items():
        if overlap != 0.5:
            yield f"  with IoU >= {overlap:g} instead of 0.5", _percent(share)
    yield "top-1 localisation", _percent(result.top1_localization)
    yield "a box around the whole picture", _percent(result.whole_picture)
    at = result.max_box_acc_threshold
    best = "" if at is None else f", best threshold {at:g}"
    yield f"MaxBoxAcc{best}", _percent(result.max_box_acc)
    yield "MaxBoxAccV2, all components", _percent(result.max_box_acc_v2)
    for overlap, share in result.max_box_acc_v2_by_overlap.items():
        yield f"  IoU >= {overlap:g}", _percent(share)
    if result.px_ap is not None:
        yield "PxAP, mean over the classes", _percent(result.px_ap)
    yield "pointing game, mean over the classes", _percent(result.pointing)
    for cut, share in result.by_threshold.items():
        yield f"GT-known at threshold {cut:g}", _percent(share)


def _class_rows(result: Localization) -> Iterator[str]:
    yield _row("class", _CLASS_TITLES, _CLASS_WIDTHS, _NAME)
    for name, figures in result.by_class.items():
        yield _row(name, _cells(figures), _CLASS_WIDTHS, _NAME)


def _cells(figures: Figures) -> tuple[str, ...]:
    shares = (
        figures.top1,
        figures.gt_known,
        figures.max_box_acc,
        figures.max_box_acc_v2,
        figures.px_ap,
        figures.pointing,
    )
    return (f"{figures.pictures}", *map(_percent, shares))


def _row(name: str, cells: Sequence[str], widths: Sequence[int], first: int) -> str:
    """Cells to the right of a name, which is cut where it is too long for its column."""
    short = name if len(name) <= first else f"{name[: first - 1]}…"
    return f"{short:{first}}" + "".join(
        f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
