"""From a camera's frame to the picture that is seen: the whole way, for a GPU to show its worth."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from camviewer.bench.peers import Call
from camviewer.bench.timing import Blocks, Timing, ratio
from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import Method
from camviewer.cam.targets import classes
from camviewer.models.preprocess import Preprocessing
from camviewer.render import View, blend
from camviewer.render.on_device import blender
from camviewer.types import (
    BoxRule,
    Explanation,
    Fit,
    Frame,
    Heatmap,
    Inspection,
    Origin,
    Pixels,
    Size,
)

OURS, LOOP, REPLAY = "frame to picture", "plain loop", "bare replay"

_FRAME = 720, 1280
_WARM_UP = 3  # passes, in which libraries choose their kernels


@dataclass(frozen=True)
class WholeWayTimes:
    """What the whole way takes, in milliseconds.

    Attributes:
        ours: from a frame of 1280 x 720 to the heatmap over it, RGB, back in the computer's memory.
        loop: the loop around pytorch-grad-cam on the same frame; None where it was not run.
        replay: the network alone on this input: one captured graph in half precision.
        times_faster_than_loop: `loop` over `ours`; None where it was not run.
        ratio_to_replay: `ours` over `replay`.
    """

    ours: Timing
    loop: Timing | None
    replay: Timing
    times_faster_than_loop: float | None
    ratio_to_replay: float

    @classmethod
    def of(cls, blocks: dict[str, Blocks]) -> WholeWayTimes | None:
        """What was timed under this module's names; None where nothing was."""
        if OURS not in blocks:
            return None
        ours, loop, replay = blocks[OURS], blocks.get(LOOP), blocks[REPLAY]
        return cls(
            Timing.of(ours),
            None if loop is None else Timing.of(loop),
            Timing.of(replay),
            None if loop is None else ratio(loop, ours),
            ratio(ours, replay),
        )


class WholeWay:
    """Preprocessing, network, map and colours of one frame, each where it is fastest."""

    def __init__(
        self,
        explainer: Explainer,
        preprocessing: Preprocessing,
        activate: Callable[[torch.Tensor], torch.Tensor],
        method: Method,
    ) -> None:
        """Make a frame of noise.

        Args:
            explainer: opened on the network.
            preprocessing: what it expects.
            activate: from logits to scores.
            method: explains the most probable class.
        """
        noise = np.random.default_rng(0).integers(0, 256, (*_FRAME, 3), np.uint8)
        self.frame = Frame(noise, "noise")
        self._explainer = explainer
        self._preprocessing = preprocessing
        self._activate = activate
        self._method = method
        self._geometry = preprocessing.geometry(self.frame.size, Fit.WHOLE)
        self._origin = Origin("", "", "", "", method.name, Fit.WHOLE, str(explainer.device))

    @property
    def input_size(self) -> Size:
        """Of the network's input: ``(height, width)``."""
        return self._geometry.input

    def __call__(self) -> Pixels:
        """The frame under its heatmap, RGB uint8 of its size."""
        explainer, frame, geometry = self._explainer, self.frame, self._geometry
        picture = self._preprocessing.tensor(frame, geometry, explainer.device)
        run = explainer.run(picture, explainer.automatic)
        score, target = self._activate(run.prediction[0].float()).max(0)
        maps = self._method.maps(run, classes(int(target)))
        values = maps[0].detach().float().cpu().numpy()
        heatmap = Heatmap(values, geometry, int(target), "", float(score))
        explanation = Explanation(heatmap, (), BoxRule())
        inspection = Inspection(frame, geometry, (), (explanation,), self._origin, 0.0)
        there = blender(str(explainer.device))
        pixels = None if there is None else there(inspection, View(), frame.pixels, frame.size)
        return blend(inspection, View()) if pixels is None else pixels


def bare_replay(network: nn.Module, size: Size, device: torch.device) -> Call:
    """One captured graph of a whole network in half precision, and nothing around it.

    Args:
        network: in evaluation mode; stays as it is.
        size: ``(height, width)`` of its input.
        device: a CUDA device.

    Raises:
        RuntimeError: if it cannot be captured, or memory does not suffice.
    """
    half = copy.deepcopy(network).to(device).half().to(memory_format=torch.channels_last)
    static = torch.randn(1, 3, *size, device=device, dtype=torch.half)
    static = static.to(memory_format=torch.channels_last)
    graph = torch.cuda.CUDAGraph()
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.no_grad():
        with torch.cuda.stream(aside):
            for _ in range(_WARM_UP):
                half(static)
        torch.cuda.current_stream().wait_stream(aside)
        with torch.cuda.graph(graph):
            logits = half(static)

    def call() -> object:
        graph.replay()
        return logits  # the graph's own memory, which lives as long as this

    return call
