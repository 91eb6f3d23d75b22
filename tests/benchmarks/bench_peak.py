"""How much memory a method takes at its peak, in a process of its own.

    python -m tests.benchmarks.bench_peak [--networks resnet18 resnet50] [--methods score-cam]

Explains one picture of noise on a torchvision network with random weights, as `camviewer explain`
does, and prints the highest resident memory (getrusage) once the libraries are loaded, once the
plain map was made, and once the method was done; what the method adds is the last step. Linux and
macOS only.
"""

import argparse
import json
import resource
import subprocess
import sys

from camviewer.__main__ import leave_out_triton, share_memory

_MIB = 1 << 20
_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes


def peak() -> float:
    """The highest resident memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / _MIB


def measure(network: str, method: str) -> dict[str, float]:
    """The peaks, in MiB, of a process that does nothing else."""
    share_memory()
    leave_out_triton()
    import numpy as np
    import torch

    from camviewer.inspector import Inspector, Request
    from camviewer.models import zoo
    from camviewer.models.classifier import Classifier
    from camviewer.types import Frame

    loaded = peak()
    torch.manual_seed(0)
    classifier = Classifier(
        name=network,
        network=zoo.build(network),
        labels=zoo.labels(network),
        preprocessing=zoo.preprocessing(network),
    )
    inspector = Inspector(classifier, "cpu", "eager")
    pixels = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    frame = Frame(pixels, "noise")
    inspector.inspect(frame, Request(top=1))
    plain = peak()
    inspector.inspect(frame, Request(top=1, method=method))
    return {"libraries": loaded, "plain_map": plain, "process": peak(), "adds": peak() - plain}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--networks", nargs="+", default=["resnet18", "resnet50"])
    parser.add_argument("--methods", nargs="+", default=["score-cam"])
    parser.add_argument("--here", action="store_true", help="measure this process, print JSON")
    arguments = parser.parse_args()
    for network in arguments.networks:
        for method in arguments.methods:
            if arguments.here:
                sys.stdout.write(json.dumps(measure(network, method)))
                continue
            child = [sys.executable, "-m", "tests.benchmarks.bench_peak", "--here"]
            child += ["--networks", network, "--methods", method]
            found = json.loads(subprocess.run(child, check=True, capture_output=True).stdout)
            sys.stdout.write(
                f"{network} {method}: libraries {found['libraries']:.0f} MiB, with the network and "
                f"a plain map {found['plain_map']:.0f}, peak of the process "
                f"{found['process']:.0f}; the method adds {found['adds']:.0f}\n"
            )
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
