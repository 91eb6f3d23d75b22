"""Writes the page "How a heatmap is made": ``uv run python -m tests.teach.seeds.writing``.

Teaches the seeds, keeps the numbers of one picture (``numbers.npz``), draws the figures and fills
in the page, all under ``resources/help``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from string import Template

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from camviewer.inspector import Inspector, Request
from camviewer.paths import resources
from camviewer.render import View, blend, overlay, percent
from camviewer.types import Ask, Frame, Inspection, Pixels, Question
from tests.teach.seeds.beams import SOUND
from tests.teach.seeds.pointing import figures
from tests.teach.seeds.seed import Seed, beam_seed, cracked_only_seed, digit_seed
from tests.teach.seeds.ways import Array, better, odds, probabilities

FOLDER = resources() / "help"
PAGE = FOLDER / "heatmap.html"
NUMBERS = FOLDER / "numbers.npz"

_TEMPLATE = Path(__file__).with_name("page.html")
_SHOWN = 5  # channels
_STARTS = 5
_DIGIT, _BEAM = 4, 2  # times larger: what is not scaled when shown stays crisp
_FOR, _AGAINST = np.array([213, 94, 0]), np.array([0, 114, 178])  # Okabe & Ito 2008


@dataclass(frozen=True, eq=False)
class Numbers:
    """All that the page's numbers come from.

    Attributes:
        activation: the last layer's, ``(channels, rows, columns)``.
        weight: of the linear layer, ``(classes, channels)``.
        bias: of the linear layer, ``(classes,)``.
        said: what the network said, ``(classes,)``, in [0, 1].
        beams: `figures` of networks taught from several random starts, ``(starts, 5)``.
    """

    activation: Array
    weight: Array
    bias: Array
    said: Array
    beams: Array

    @classmethod
    def kept(cls) -> Numbers:
        """Those of the page."""
        with np.load(NUMBERS) as file:
            return cls(**{name: file[name].astype(np.float64) for name in file.files})

    def keep(self) -> None:
        np.savez_compressed(NUMBERS, **{k: v.astype(np.float32) for k, v in vars(self).items()})

    @property
    def best(self) -> list[int]:
        """The three most probable classes."""
        return [int(index) for index in np.argsort(-self.said)[:3]]

    @property
    def loudest(self) -> list[int]:
        """The channels with the largest shares in the best class's score."""
        shares = self.weight[self.best[0]] * self.activation.mean(axis=(1, 2))
        return [int(index) for index in np.argsort(-np.abs(shares))[:_SHOWN]]


def page(numbers: Numbers) -> str:
    """The page with the numbers filled in."""
    maps = better(numbers.activation, numbers.weight)
    told = probabilities(maps, numbers.bias)
    rows = [
        f"<tr><td align='center'>{index}</td>"
        + "".join(
            f"<td align='center'>{text}</td>"
            for text in (
                _signed(maps[index].mean()),
                _signed(numbers.bias[index]),
                _signed(maps[index].mean() + numbers.bias[index]),
                f"{told[index]:.4f}",
                f"{numbers.said[index]:.4f}",
            )
        )
        + "</tr>"
        for index in range(len(maps))
    ]
    best, second, _ = numbers.best
    difference, rest = odds(maps, numbers.bias, best, second)
    weights = numbers.weight[best]
    ranges = (f"{percent(low)} to {percent(high)}" for low, high in _ranges(numbers))
    cracked_accuracy, cracked_near, sound_accuracy, sound_near, rather_near = ranges
    return Template(_TEMPLATE.read_text("utf-8")).substitute(
        {f"share{place}": percent(numbers.said[index]) for place, index in enumerate(numbers.best)},
        channels=len(numbers.activation),
        cells=numbers.activation.shape[1],
        channel_figures="".join(
            f"<td><img src='channel-{place}.png' width='100' height='100'></td>"
            for place in range(_SHOWN)
        ),
        channel_weights="".join(
            f"<td align='center'>{_signed(weights[channel])}</td>" for channel in numbers.loudest
        ),
        rows="\n".join(rows),
        difference=f"{difference.mean():.3f}",
        bias_difference=f"{'-' if rest < 0 else '+'} {abs(rest):.3f}",
        odds=f"{math.log(numbers.said[best] / numbers.said[second]):.3f}",
        cracked_accuracy=cracked_accuracy,
        cracked_near=cracked_near,
        sound_accuracy=sound_accuracy,
        sound_near=sound_near,
        rather_near=rather_near,
    )


def _ranges(numbers: Numbers) -> list[tuple[float, float]]:
    least, most = numbers.beams.min(axis=0), numbers.beams.max(axis=0)
    return [(float(low), float(high)) for low, high in zip(least, most, strict=True)]


def _signed(value: float) -> str:
    return f"{value:+.3f}"


def _save_cells(name: str, pixels: Pixels, times: int) -> None:
    large = np.repeat(np.repeat(pixels, times, axis=0), times, axis=1)
    Image.fromarray(large).save(FOLDER / f"{name}.png", optimize=True)


def _save_photograph(name: str, pixels: Pixels) -> None:
    Image.fromarray(pixels).save(FOLDER / f"{name}.jpg", quality=80, optimize=True)


def _signed_colours(heatmap: Array, largest: float) -> Pixels:
    """Orange for, blue against, white for nothing."""
    share = np.abs(heatmap / largest).clip(0, 1)[..., None]
    ends = np.where(heatmap[..., None] > 0, _FOR, _AGAINST)
    return np.rint(255 + (ends - 255) * share).astype(np.uint8)


def _draw_digit(seed: Seed, chosen: int, numbers: Numbers) -> None:
    pixels = seed.pictures[chosen].pixels
    maps = better(numbers.activation, numbers.weight)
    best, second, _ = numbers.best
    _save_cells("five", pixels, _DIGIT)
    for place, channel in enumerate(numbers.loudest):
        grid = numbers.activation[channel]
        grey = np.rint(grid / grid.max() * 255).astype(np.uint8)
        _save_cells(f"channel-{place}", np.repeat(grey[..., None], 3, axis=2), 10)
    largest = np.abs(maps[numbers.best]).max()
    for place, index in enumerate(numbers.best):
        _save_cells(f"map-{place}", _signed_colours(maps[index], largest), 16)
    _save_cells("rather", _signed_colours(maps[best] - maps[second], largest), 16)
    _save_photograph(
        "heatmap", overlay(_seen(seed, _enlarged(pixels, _DIGIT), best), View(show_labels=False))
    )


def _draw_beams(cracked: Seed, sound: Seed) -> None:
    rather = Question(Ask.RATHER_THAN, other=SOUND)
    for place in range(SOUND):
        pixels = sound.pictures[place].pixels  # they come in turn
        _save_photograph(f"beam-{place}", _enlarged(pixels, _BEAM))
        _save_photograph(
            f"cracked-{place}", blend(_seen(cracked, _enlarged(pixels, _BEAM), place), View())
        )
        _save_photograph(
            f"sound-{place}", blend(_seen(sound, _enlarged(pixels, _BEAM), place, rather), View())
        )


def _enlarged(pixels: NDArray[np.uint8], times: int) -> Pixels:
    large = cv2.resize(pixels, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)


def _seen(seed: Seed, pixels: Pixels, label: int, question: Question | None = None) -> Inspection:
    """As the window sees it."""
    inspector = Inspector(seed.classifier(), "cpu", "eager")
    request = Request(targets=(label,), question=question or Question())
    return inspector.inspect(Frame(pixels, "seed", 0), request)


def _likest(seed: Seed) -> int:
    """The picture of a 5 that is nearest to being an 8 and then a 3: there is something to tell."""
    said = torch.softmax(seed.logits(), 1)
    order = said.argsort(1, descending=True)[:, :3].tolist()
    fitting = [number for number, best in enumerate(order) if best == [5, 8, 3]]
    return min(fitting, key=lambda number: float(said[number, 5]))


def write() -> None:
    """Everything from the start; takes a minute."""
    FOLDER.mkdir(exist_ok=True)
    digit, sound, cracked = digit_seed(), beam_seed(), cracked_only_seed()
    chosen = _likest(digit)
    activations, weight, bias = digit.layer()
    numbers = Numbers(
        activation=activations[chosen],
        weight=weight,
        bias=bias,
        said=torch.softmax(digit.logits()[chosen].double(), 0).numpy(),
        beams=np.stack(
            [figures(cracked_only_seed(start), beam_seed(start)) for start in range(_STARTS)]
        ),
    )
    numbers.keep()
    _draw_digit(digit, chosen, numbers)
    _draw_beams(cracked, sound)
    PAGE.write_text(page(Numbers.kept()), "utf-8")


if __name__ == "__main__":
    torch.set_num_threads(1)
    write()
