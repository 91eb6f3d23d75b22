"""From a checkpoint to the files that ship: averaged weights in float16, calibrated thresholds."""

import datetime as dt
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from camviewer.errors import ModelError
from camviewer.models.starter_net import StarterNet
from camviewer.teach.starter import LABELS
from camviewer.teach.starter.evaluate import (
    ON_PHOTOS,
    ON_SURFACES,
    empty_scores,
    held_out_photos,
    look,
    scenes,
)
from camviewer.teach.starter.network import INPUT_SIZE
from camviewer.teach.starter.raster import Rgb
from camviewer.teach.starter.scenes import SceneSpec
from camviewer.teach.starter.shipped import Record, from_state, rounded_to_half, write
from camviewer.teach.starter.train import CALIBRATE, CHECKPOINT

_ALARMS = 0.02
"""Share of empty pictures that may raise an alarm for a class when thresholds are chosen."""


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
    file = run / CHECKPOINT
    if not file.exists():
        raise ModelError(
            f"{run} holds no {CHECKPOINT}. Train first: python -m camviewer.teach.starter --out "
            f"{run}"
        )
    saved = torch.load(file, map_location="cpu", weights_only=True)
    prefix = "module."
    averaged = StarterNet(len(LABELS))
    averaged.load_state_dict(
        {k.removeprefix(prefix): v for k, v in saved["averaged"].items() if k.startswith(prefix)}
    )
    state = rounded_to_half(averaged)
    record = Record(
        thresholds=calibrate(from_state(state), photos_folder, count),
        sha256="",
        trained=dt.datetime.now(dt.UTC).date().isoformat(),
        training={"steps": saved["step"], "minutes": round(saved["seconds"] / 60, 1)},
    )
    write(folder, state, record)
    return record


def calibrate(network: StarterNet, photos_folder: Path | None, count: int) -> list[float]:
    """Per class, the threshold of the best F1 on calibration scenes, raised where more than 2 %
    of the empty calibration pictures would pass it."""
    photos = held_out_photos(photos_folder, CALIBRATE)
    kinds: list[tuple[SceneSpec, list[Rgb]]] = [(ON_SURFACES, [])]
    if photos:
        kinds.append((ON_PHOTOS, photos))
    seen = [
        look(network, scenes(0, CALIBRATE, spec, count, grounds), INPUT_SIZE)
        for spec, grounds in kinds
    ]
    scores = np.concatenate([s.scores for s in seen])
    labels = np.concatenate([s.labels for s in seen])
    empty = empty_scores(network, photos, 0, CALIBRATE, INPUT_SIZE)
    floor = np.quantile(empty, 1 - _ALARMS, axis=0)
    return [
        round(float(max(best_f1(scores[:, c], labels[:, c]), floor[c], 0.05)), 4)
        for c in range(len(LABELS))
    ]


def best_f1(scores: NDArray[np.float32], labels: NDArray[np.float32]) -> float:
    """The threshold of the best F1; 0.5 without positives. NaN labels are left out."""
    known = ~np.isnan(labels)
    order = np.argsort(-scores[known], kind="stable")
    hits = labels[known][order] > 0.5
    if not hits.any():
        return 0.5
    found = np.cumsum(hits)
    f1 = 2 * found / (np.arange(1, len(hits) + 1) + hits.sum())
    return float(scores[known][order][int(f1.argmax())])
