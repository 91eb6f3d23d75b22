"""From a checkpoint to the files that ship: averaged weights in float16, calibrated thresholds."""

import datetime as dt
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from camviewer.errors import ModelError
from camviewer.models.starter_net import StarterNet
from camviewer.teach.starter import LABELS
from camviewer.teach.starter.backgrounds import Photo
from camviewer.teach.starter.evaluate import (
    ON_PHOTOS,
    ON_SURFACES,
    empty_logits,
    held_out_photos,
    look,
    scenes,
    sigmoid,
)
from camviewer.teach.starter.learner import averaged_in
from camviewer.teach.starter.network import INPUT_SIZE
from camviewer.teach.starter.refine import REFINED
from camviewer.teach.starter.scenes import SceneSpec
from camviewer.teach.starter.shipped import Record, rounded_to_half, write
from camviewer.teach.starter.train import CALIBRATE, CHECKPOINT

_ALARMS = 0.015
"""Share of empty pictures that may raise an alarm for a class when thresholds are chosen."""
_RECALL = 0.25
"""What recall counts against precision when thresholds are chosen: the square of F's beta."""
_VIEWS = 20
"""Of each photograph: with few of them a single odd crop would set a class's threshold."""


def export(run: Path, folder: Path, photos_folder: Path | None, count: int = 500) -> Record:
    """Write the starter's files from the checkpoint of a run.

    Args:
        run: folder with a checkpoint.
        folder: where the files go.
        photos_folder: photographs for calibration, or None.
        count: scenes to calibrate on, of each kind.

    Raises:
        ModelError: there is no checkpoint.
    """
    parts = [file for file in (run / CHECKPOINT, run / REFINED) if file.exists()]
    if not parts:
        raise ModelError(
            f"{run} holds no {CHECKPOINT}. Train first: python -m camviewer.teach.starter --out "
            f"{run}"
        )
    steps, seconds = 0, 0.0
    for file in parts:
        averaged, more_steps, more_seconds = averaged_in(file)
        steps, seconds = steps + more_steps, seconds + more_seconds
    thresholds = calibrate(averaged, photos_folder, count)
    record = Record(
        thresholds=thresholds,
        sha256="",
        trained=dt.datetime.now(dt.UTC).date().isoformat(),
        training={"steps": steps, "minutes": round(seconds / 60, 1)},
    )
    write(folder, rounded_to_half(averaged), record)
    return record


def calibrate(network: StarterNet, photos_folder: Path | None, count: int) -> list[float]:
    """Make the scores probabilities and choose thresholds, on scenes and photographs set apart.

    Each class's row of the last layer is scaled and its bias moved (Platt 1999), which changes
    neither the order of the scores nor the map but for its unit.

    Returns:
        Per class, the threshold of the best F0.5 on calibration scenes, raised where more than
        1.5 % of the empty calibration pictures would pass it.
    """
    photos = held_out_photos(photos_folder, CALIBRATE)
    kinds: list[tuple[SceneSpec, list[Photo]]] = [(ON_SURFACES, [])]
    if photos:
        kinds.append((ON_PHOTOS, photos))
    seen = [
        look(network, scenes(0, CALIBRATE, spec, count, grounds), INPUT_SIZE)
        for spec, grounds in kinds
    ]
    logits = np.concatenate([s.logits for s in seen])
    labels = np.concatenate([s.labels for s in seen])
    empty = empty_logits(network, photos, 0, CALIBRATE, INPUT_SIZE, _VIEWS)
    slopes, shifts = np.transpose(
        [platt(logits[:, c], labels[:, c]) for c in range(len(LABELS))]
    ).astype(np.float32)
    with torch.no_grad():
        network.fc.weight *= torch.from_numpy(slopes)[:, None]
        network.fc.bias.copy_(network.fc.bias * torch.from_numpy(slopes) + torch.from_numpy(shifts))
    scores, empty_scores = sigmoid(logits * slopes + shifts), sigmoid(empty * slopes + shifts)
    floor = np.nanquantile(empty_scores, 1 - _ALARMS, axis=0)
    return [
        round(float(np.clip(max(best_f(scores[:, c], labels[:, c]), floor[c]), 0.01, 0.99)), 4)
        for c in range(len(LABELS))
    ]


def platt(logits: NDArray[np.float32], labels: NDArray[np.float32]) -> tuple[float, float]:
    """Slope and shift that make sigmoid(slope * logit + shift) the likeliest probabilities.

    Platt 1999, with his smoothed targets; NaN labels are left out, and without both kinds of
    label nothing is changed (1, 0).
    """
    known = ~np.isnan(labels)
    hits = torch.from_numpy(labels[known] > 0.5)
    right, wrong = int(hits.sum()), int((~hits).sum())
    if not right or not wrong:
        return 1.0, 0.0
    target = torch.where(hits, (right + 1) / (right + 2), 1 / (wrong + 2)).double()
    x = torch.from_numpy(logits[known]).double()
    log_slope_and_shift = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([log_slope_and_shift], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        adapted = x * log_slope_and_shift[0].exp() + log_slope_and_shift[1]
        value = F.binary_cross_entropy_with_logits(adapted, target)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    solver.step(loss)  # type: ignore[no-untyped-call]
    log_slope, shift = log_slope_and_shift.tolist()
    return float(np.exp(np.clip(log_slope, -3, 3))), float(shift)


def best_f(scores: NDArray[np.float32], labels: NDArray[np.float32]) -> float:
    """The threshold of the best F0.5, which cares more for few false alarms than F1.

    van Rijsbergen 1979: ``F = (1 + b) P R / (b P + R)`` with ``b = 0.5^2``. NaN labels are left
    out; 0.5 without positives.
    """
    known = ~np.isnan(labels)
    order = np.argsort(-scores[known], kind="stable")
    hits = labels[known][order] > 0.5
    if not hits.any():
        return 0.5
    found = np.cumsum(hits)
    measure = (1 + _RECALL) * found / (np.arange(1, len(hits) + 1) + _RECALL * hits.sum())
    return float(scores[known][order][int(measure.argmax())])
