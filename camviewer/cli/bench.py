"""``camviewer bench``: what maps cost on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence

from tqdm import tqdm

from camviewer.bench import NETWORKS, ROUNDS
from camviewer.bench.bench import Bench, Row
from camviewer.bench.peers import PEERS
from camviewer.bench.plain_loop import PEER
from camviewer.bench.timing import Timing
from camviewer.bench.whole_way import WholeWayTimes
from camviewer.cam.device import choose_device
from camviewer.errors import MethodError

_DONE, _FAILED = 0, 1


def bench(arguments: argparse.Namespace) -> int:
    """Time every network and method and print a row each.

    Returns:
        The exit status: 0 all done, 1 some methods cannot serve a network.

    Raises:
        CamviewerError: if a network, a peer or the device cannot be used.
    """
    for peer in arguments.against:
        PEERS[peer].load()
    device = choose_device(arguments.device).device
    rounds = arguments.rounds or ROUNDS
    rows: list[Row] = []
    status = _DONE
    for name in arguments.networks or NETWORKS:
        network = Bench(name, device, arguments.runtime)
        for method in arguments.methods:
            with tqdm(desc=f"{name} {method}", unit="block", disable=None, leave=False) as bar:
                try:
                    row = network.measure(method, arguments.against, rounds, bar.update)
                except MethodError as error:
                    bar.clear()
                    print(f"camviewer: {name}, {method}: {error}", file=sys.stderr)
                    status = _FAILED
                    continue
            rows.append(row)
            if arguments.json:
                print(json.dumps(row.as_dict()), flush=True)
    if rows and not arguments.json:
        print(_table(rows, arguments.against))
    return status


def _table(rows: Sequence[Row], against: Sequence[str]) -> str:
    """Rows as text; medians, with the middle half of the calls in brackets."""
    head = ("network", "method", "runtime", "forward ms", "camviewer ms", "ratio", "every class")
    lines = [[*head, *(f"vs {peer}" for peer in against)], *(_cells(row, against) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    where = (
        f"{rows[0].device}, {rows[0].threads} threads"
        if rows[0].device == "cpu"
        else rows[0].device
    )
    notes = (
        f"On {where}. Medians; in brackets the middle half. Ratio: camviewer to the plain forward "
        "pass. Every class: all maps to one."
    )
    ways = [_whole_way(row, row.whole_way) for row in rows if row.whole_way is not None]
    return "\n".join([*(_line(line, widths) for line in lines), notes, *ways])


def _whole_way(row: Row, times: WholeWayTimes) -> str:
    """What the whole way takes, in a sentence."""
    said = (
        f"{row.network}, {row.method}, from a frame of 1280 × 720 to the picture with its heatmap: "
        f"{_milliseconds(times.ours)} ms, {times.ratio_to_replay:.2f} times the network alone "
        f"({_milliseconds(times.replay)} ms)"
    )
    if times.loop is None or times.times_faster_than_loop is None:
        return f"{said}."
    faster, loop = times.times_faster_than_loop, _milliseconds(times.loop)
    return f"{said}; a loop around {PEER} takes {loop} ms ({faster:.1f} x)."


def _line(cells: Iterable[str], widths: Iterable[int]) -> str:
    return "  ".join(f"{c:{w}}" for c, w in zip(cells, widths, strict=True)).rstrip()


def _cells(row: Row, against: Sequence[str]) -> list[str]:
    every = row.every_class_to_one
    times = (row.times_faster_than[peer] for peer in against)
    return [
        row.network,
        row.method,
        row.runtime,
        _milliseconds(row.forward_ms),
        _milliseconds(row.ours_ms),
        f"{row.ratio_to_forward:.2f}",
        "-" if every is None else f"{every:.2f}",
        *("-" if time is None else f"{time:.1f} x" for time in times),
    ]


def _milliseconds(timing: Timing) -> str:
    return f"{timing.median:.1f} ({timing.low:.1f}-{timing.high:.1f})"
