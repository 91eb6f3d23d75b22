"""Real networks recognise real photographs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from camviewer.models import catalog
from camviewer.types import Fit, Frame

pytestmark = [pytest.mark.data, pytest.mark.long]


@pytest.fixture(scope="module")
def photos(shared_data: Path) -> list[tuple[Frame, str]]:
    """Twenty-five photographs with their WordNet ids."""
    files = sorted((shared_data / "photos").iterdir())[::10]
    return [
        (Frame(np.array(Image.open(file).convert("RGB")), file.name), file.name.split("_")[0])
        for file in files
    ]


@pytest.mark.parametrize(
    ("name", "crop", "whole"),
    [("resnet18", 21, 19), ("mobilenet_v2", 19, 21), ("squeezenet1_0", 18, 18)],
)
def test_real_weights_recognise_photographs(
    shared_data: Path, photos: list[tuple[Frame, str]], name: str, crop: int, whole: int
) -> None:
    """As many of 25 as were counted when this was written, give or take one near tie."""
    ids = [
        line.split("\t")[0]
        for line in (shared_data / "imagenet_wnids.txt").read_text(encoding="utf-8").splitlines()
    ]
    classifier = catalog.load(
        weights=shared_data / "weights" / f"{name}-imagenet.pth",
        labels=shared_data / "imagenet_wnids.txt",
    )
    assert classifier.name == name
    assert classifier.labels[1] == "goldfish"
    assert classifier.find("great white shark") == 2
    for fit, expected in ((Fit.CROP, crop), (Fit.WHOLE, whole)):
        hits = 0
        for frame, wordnet_id in photos:
            geometry = classifier.preprocessing.geometry(frame.size, fit)
            with torch.no_grad():
                logits = classifier.network(classifier.preprocessing.tensor(frame, geometry))
            hits += ids[int(logits.argmax())] == wordnet_id
        assert abs(hits - expected) <= 1, f"{name}, {fit}: {hits} of 25"
