"""``camviewer bench --live``: how fluid and how fresh the live view is on this machine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tqdm import tqdm

from camviewer.bench import LIVE_NETWORKS, LIVE_ROUNDS
from camviewer.bench.peers import PEERS
from camviewer.bench.plain_loop import PEER
from camviewer.errors import CamviewerError

if TYPE_CHECKING:
    from camviewer.gui.live.rehearsal import LiveRow


def bench_live(arguments: argparse.Namespace) -> int:
    """Rehearse the live view with every network and print a row each.

    Returns:
        The exit status, 0.

    Raises:
        CamviewerError: if a network, the device or the peer cannot be used.
    """
    from camviewer.gui.live.rehearsal import Rehearsal  # of the command line only this needs Qt

    against = _compared(arguments.against)
    rows: list[LiveRow] = []
    for name in arguments.networks or LIVE_NETWORKS:
        rehearsal = Rehearsal(name, arguments.device, arguments.runtime)
        with tqdm(desc=f"{name} live", unit="run", disable=None, leave=False) as bar:
            row = rehearsal.measure(
                arguments.rounds or LIVE_ROUNDS,
                arguments.seconds,
                against=against,
                watch=bar.update,
            )
        rows.append(row)
        if arguments.json:
            print(json.dumps(row.as_dict()), flush=True)
    if not arguments.json:
        print(_table(rows))
    return 0


def _compared(against: Sequence[str]) -> bool:
    others = [peer for peer in against if peer != PEER]
    if others:
        raise CamviewerError(
            f"The live view is compared with a loop around {PEER}, not with {', '.join(others)}."
        )
    if against:
        PEERS[PEER].load()
    return bool(against)


def _table(rows: Sequence[LiveRow]) -> str:
    head = (
        "network",
        "runtime",
        "alone fps",
        "shown fps",
        "share",
        "age p95 ms",
        "bound",
        "stall ms",
        "waiting",
        "plain loop",
    )
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = [
        "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    camera = f"{rows[0].camera_fps:.0f}" if rows else ""
    table.append(
        f"On {rows[0].device}, 1280 × 720 at {camera} frames per second, the window offscreen. "
        "Alone: inference with nothing else running. Share: shown, of what camera and inference "
        "alone allow. Age: from capture to the screen; bound: two inferences and 33 ms. Stall: "
        f"the longest time the window did not answer. Plain loop: a script with {PEER}."
    )
    return "\n".join(table)


def _cells(row: LiveRow) -> tuple[str, ...]:
    faster = row.times_faster_than.get(PEER)
    loop = row.plain_loop_fps
    return (
        row.network,
        row.runtime,
        f"{row.alone_fps:.1f}",
        f"{row.shown_fps:.1f}",
        f"{row.share:.2f}",
        f"{row.age_p95_ms:.0f}",
        f"{row.age_bound_ms:.0f}",
        f"{row.longest_stall_ms:.0f}",
        str(row.most_waiting),
        "-" if loop is None or faster is None else f"{loop:.1f} ({faster:.1f} x)",
    )
