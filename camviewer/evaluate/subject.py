"""What measures of faithfulness are given: a map over the network's own input."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from camviewer.errors import MethodError
from camviewer.inspector import Inspector
from camviewer.models.video_preprocess import ClipPreprocessing
from camviewer.types import Geometry, Heatmap, Inspection

_MOST_AT_ONCE = 4  # pictures; more saves little time on a CPU and makes a cancel wait
_PIXELS_AT_ONCE = 1 << 19


@dataclass(frozen=True, eq=False)
class Subject:
    """A picture as the network sees it, with a map that claims to explain one of its scores.

    Everything is measured on the network's input, where a map lies exactly: no pixel is resized
    again after it was perturbed. Pixels beside the picture (letterboxing) are never touched.

    Attributes:
        picture: float32 ``(1, 3, height, width)``, normalised, on the CPU.
        relevance: float32 ``(height, width)``: the raw map over the input, bilinear.
        share: float32 ``(height, width)`` in [0, 1]: the map as shown, over the input.
        window: the rows and columns of the input that show the picture.
        mean: of the normalisation, ``(3, 1, 1)``, for values in [0, 1].
        std: likewise.
        score: from pictures ``(batch, 3, height, width)`` to the class's probabilities ``(batch,)``
            in [0, 1].
    """

    picture: Tensor
    relevance: Tensor
    share: Tensor
    window: tuple[slice, slice]
    mean: Tensor
    std: Tensor
    score: Callable[[Tensor], Tensor]

    @cached_property
    def ranks(self) -> Tensor:
        """Whole numbers ``(height, width)``: how many pixels of the picture are more relevant.

        Equal ones are ranked in reading order. Beside the picture the rank is beyond every other.
        """
        order = self.relevance[self.window].flatten().argsort(descending=True, stable=True)
        within = torch.empty_like(order)
        within[order] = torch.arange(len(order))
        ranks = torch.full(self.relevance.shape, torch.iinfo(torch.int64).max)
        ranks[self.window] = within.view(self.relevance[self.window].shape)
        return ranks

    @property
    def pixels(self) -> int:
        """How many pixels of the input show the picture."""
        return self.relevance[self.window].numel()

    def scores(self, pictures: Iterator[Tensor]) -> Iterator[list[float]]:
        """The class's probabilities of pictures ``(3, height, width)``, chunk by chunk.

        A chunk is small, so that whoever iterates can stop soon.
        """
        chunk: list[Tensor] = []
        limit = max(1, min(_MOST_AT_ONCE, _PIXELS_AT_ONCE // math.prod(self.relevance.shape)))
        for picture in pictures:
            chunk.append(picture)
            if len(chunk) == limit:
                yield self.score(torch.stack(chunk)).tolist()
                chunk = []
        if chunk:
            yield self.score(torch.stack(chunk)).tolist()


def subject(inspector: Inspector, inspection: Inspection, index: int = 0) -> Subject:
    """One explanation of an inspection, ready to be measured.

    Args:
        inspector: opened on the network that the inspection came from.
        inspection: what is measured.
        index: of the explanation.

    Raises:
        MethodError: if the explanation is not about a class, or the network looks at clips.
    """
    heatmap = inspection.explanations[index].heatmap
    target = heatmap.target
    if target < 0:
        raise MethodError(
            "Faithfulness is measured on the probability of a class, and this map is not about "
            "one. Ask what speaks for a class."
        )
    preprocessing = inspector.classifier.preprocessing
    if isinstance(preprocessing, ClipPreprocessing):
        raise MethodError(
            "Faithfulness is measured on what a network says of a picture, and this one looks at "
            "clips. Choose a network of pictures."
        )
    on_input = _on_input(heatmap)
    return Subject(
        picture=preprocessing.tensor(inspection.frame, inspection.geometry),
        relevance=torch.from_numpy(on_input.resample(heatmap.values)).nan_to_num(nan=0.0),
        share=torch.from_numpy(on_input.resample(heatmap.positive)),
        window=_window(inspection.geometry),
        mean=torch.tensor(preprocessing.mean).view(3, 1, 1),
        std=torch.tensor(preprocessing.std).view(3, 1, 1),
        score=lambda pictures: inspector.scores(pictures)[:, target],
    )


def _on_input(heatmap: Heatmap) -> Heatmap:
    """The same map over the input instead of the picture: a map covers the input evenly."""
    size = heatmap.geometry.input
    return replace(heatmap, geometry=Geometry(size, size, (1.0, 1.0)))


def _window(geometry: Geometry) -> tuple[slice, slice]:
    spans = []
    for axis in (0, 1):
        first = geometry.offset[axis]
        last = first + geometry.picture[axis] * geometry.scale[axis]
        start = min(max(round(first), 0), geometry.input[axis] - 1)
        stop = max(min(round(last), geometry.input[axis]), start + 1)
        spans.append(slice(start, stop))
    return spans[0], spans[1]
