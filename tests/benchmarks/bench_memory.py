"""Whether memory stays flat over many explanations, and no hook stays on any network.

    python -m tests.benchmarks.bench_memory [--runs 10000]

Explains noise on tiny networks and on real architectures, another picture, class, method and
question each time, and prints what Python holds (tracemalloc) and what the process holds (RSS) on
the way, with their slopes after the first fifth. Fails if a slope is above its bound or a hook is
left.
"""

import argparse
import gc
import itertools
import os
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from camviewer.cam.methods import METHODS
from camviewer.inspector import Inspector, Request
from camviewer.models import zoo
from camviewer.models.classifier import Classifier
from camviewer.models.preprocess import Preprocessing
from camviewer.types import Ask, Frame, Question
from tests.cam.networks import Branching, ChannelsLast, ClassToken, Gap, Residual

_STATM = Path("/proc/self/statm")
_SAMPLES = 50
_SETTLED = 0.2  # of the runs: caches are full, allocators have grown
_MOST_PYTHON, _MOST_RESIDENT = 20.0, 400.0  # KiB per 1000 explanations


@dataclass(frozen=True)
class Opened:
    """A network with the methods that serve it."""

    inspector: Inspector
    methods: tuple[str, ...]
    classes: int

    @property
    def network(self) -> nn.Module:
        return self.inspector.classifier.network

    @property
    def fast(self) -> tuple[str, ...]:
        return tuple(method for method in self.methods if not METHODS[method].slow)

    def by(self, methods: tuple[str, ...]) -> "Opened":
        return replace(self, methods=methods)


def tiny_networks() -> list[Opened]:
    """One for each way of splitting, at 8 x 8 pixels, with every method that serves."""
    networks = [(Gap(), 3), (Residual(), 5), (ClassToken(), 3), (ChannelsLast(), 4)]
    networks.append((Branching(), 5))
    return [
        _open(network, classes, 8, fixed=isinstance(network, ClassToken))
        for network, classes in networks
    ]


def real_networks() -> list[Opened]:
    """Real architectures with random weights, at 64 pixels, with the fast methods."""
    torch.manual_seed(0)
    names = ("resnet18", "mobilenet_v3_large", "efficientnet_b0")
    opened = [_open(zoo.build(name, num_classes=10), 10, 64) for name in names]
    return [o.by(o.fast) for o in opened]


def explain_all(networks: list[Opened], runs: int) -> Iterator[int]:
    """Explain that many times, never the same twice; yields the number of each."""
    random = np.random.default_rng(0)
    everything = itertools.cycle([(o, method) for o in networks for method in o.methods])
    for number, (opened, method) in enumerate(itertools.islice(everything, runs)):
        first, second = (int(i) for i in random.permutation(opened.classes)[:2])
        question = Question(random.choice([Ask.FOR, Ask.AGAINST, Ask.RATHER_THAN]), second)
        side = opened.inspector.classifier.preprocessing.input_size
        pixels = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
        opened.inspector.inspect(
            Frame(pixels, "noise"), Request(method=method, targets=(first,), question=question)
        )
        yield number


def hooks(network: nn.Module) -> list[str]:
    """Modules of a network on which a hook was left."""
    kinds = (
        "_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks",
    )  # fmt: skip
    return [
        f"{name}.{kind}"
        for name, module in network.named_modules()
        for kind in kinds
        if getattr(module, kind)
    ]


def resident() -> float:
    """What the process holds, in KiB; NaN where the system does not tell."""
    if not _STATM.exists():
        return float("nan")
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


def slope(samples: list[tuple[int, float]]) -> float:
    """The growth per 1000 explanations by least squares, after the first fifth."""
    settled = np.array(samples[int(_SETTLED * len(samples)) :])
    return float(np.polyfit(settled[:, 0], settled[:, 1], 1)[0] * 1000)


def _open(network: nn.Module, classes: int, side: int, *, fixed: bool = False) -> Opened:
    classifier = Classifier(
        name=type(network).__name__,
        network=network,
        labels=tuple(map(str, range(classes))),
        preprocessing=Preprocessing(input_size=side, resize_size=side, fixed_size=fixed),
    )
    inspector = Inspector(classifier, "cpu")
    serving = tuple(name for name, obstacle in inspector.methods().items() if not obstacle)
    return Opened(inspector, serving, classes)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10_000)
    runs = parser.parse_args().runs
    networks = [*tiny_networks(), *real_networks()]
    python: list[tuple[int, float]] = []
    process: list[tuple[int, float]] = []
    tracemalloc.start()
    for number in explain_all(networks, runs):
        if number % max(runs // _SAMPLES, 1) == 0:
            gc.collect()
            python.append((number, tracemalloc.get_traced_memory()[0] / 1024))
            process.append((number, resident()))
            if len(python) % 10 == 1:
                sys.stdout.write(
                    f"{number:6} explanations  Python {python[-1][1] / 1024:8.2f} MiB  "
                    f"process {process[-1][1] / 1024:8.1f} MiB\n"
                )
    left = [hook for opened in networks for hook in hooks(opened.network)]
    growth = slope(python), slope(process)
    methods = len({method for opened in networks for method in opened.methods})
    sys.stdout.write(
        f"{runs} explanations by {methods} methods on {len(networks)} networks: "
        f"Python {growth[0]:+.1f} KiB, process {growth[1]:+.1f} KiB per 1000; "
        f"hooks left: {left or 'none'}\n"
    )
    return int(growth[0] > _MOST_PYTHON or growth[1] > _MOST_RESIDENT or bool(left))


if __name__ == "__main__":
    sys.exit(main())
