"""The published packages, each used as its own documentation says."""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Tensor, nn

from camviewer.errors import CamviewerError

Call = Callable[[], object]

_WITHOUT_GRADIENTS = ("CAM", "ScoreCAM", "SSCAM", "ISCAM")  # torch-cam's


@dataclass(frozen=True)
class Job:
    """What a peer is to do: a picture to scores and one map, of the most probable class.

    Attributes:
        network: of its own, for it may leave hooks there; parameters require gradients, as in a
            network that was just loaded.
        layer: dotted name of the module that computes the target layer.
        picture: float32 ``(1, 3, height, width)``, on the network's device.
        method: our name of the method.
    """

    network: nn.Module
    layer: str
    picture: Tensor
    method: str


@dataclass(frozen=True)
class Peer:
    """A package to compare with.

    Attributes:
        name: as given to ``--against``.
        module: what is imported.
        package: what is installed.
        methods: what they call our methods.
        prepare: from the module, their name of a method and a job to the call that does it.
    """

    name: str
    module: str
    package: str
    methods: Mapping[str, str]
    prepare: Callable[[ModuleType, str, Job], Call]

    def load(self) -> ModuleType:
        """The package.

        Raises:
            CamviewerError: if it is not installed; the message says what to install.
        """
        try:
            return importlib.import_module(self.module)
        except ImportError as error:
            raise CamviewerError(
                f"{self.name} is not installed ({error}). It is needed only to compare with: "
                f"`pip install {self.package}` (`uv sync` in a development checkout), or leave it "
                "out of --against."
            ) from error

    def call(self, job: Job) -> Call | None:
        """What does the job; None where the package lacks the method.

        Raises:
            CamviewerError: if the package is not installed.
        """
        theirs = self.methods.get(job.method)
        return None if theirs is None else self.prepare(self.load(), theirs, job)


def _grad_cam(package: ModuleType, method: str, job: Job) -> Call:
    extractor = getattr(package, method)(job.network, [job.network.get_submodule(job.layer)])

    def call() -> object:
        with contextlib.redirect_stderr(io.StringIO()):  # progress bars
            return extractor(job.picture, None), extractor.outputs

    return call


def _torchcam(package: ModuleType, method: str, job: Job) -> Call:
    extractor = getattr(package, method)(
        job.network, job.layer, input_shape=tuple(job.picture.shape[1:])
    )
    needs_gradients = method not in _WITHOUT_GRADIENTS

    def call() -> object:
        with torch.set_grad_enabled(needs_gradients):
            scores = job.network(job.picture)
            return extractor(int(scores.argmax()), scores), scores

    return call


def _captum(package: ModuleType, method: str, job: Job) -> Call:
    extractor = getattr(package, method)(job.network, job.network.get_submodule(job.layer))

    def call() -> object:
        with torch.inference_mode():
            scores = job.network(job.picture)
        return extractor.attribute(job.picture, target=int(scores.argmax())), scores

    return call


# Where CAM serves, Grad-CAM is the same map up to a factor: those without CAM are compared by it.
_PEERS = (
    Peer(
        name="pytorch-grad-cam",
        module="pytorch_grad_cam",
        package="grad-cam",
        methods={
            "cam": "GradCAM",
            "grad-cam": "GradCAM",
            "grad-cam++": "GradCAMPlusPlus",
            "xgrad-cam": "XGradCAM",
            "hires-cam": "HiResCAM",
            "layer-cam": "LayerCAM",
            "elementwise-grad-cam": "GradCAMElementWise",
            "eigen-cam": "EigenCAM",
            "eigen-grad-cam": "EigenGradCAM",
            "kpca-cam": "KPCA_CAM",
            "score-cam": "ScoreCAM",
            "ablation-cam": "AblationCAM",
        },
        prepare=_grad_cam,
    ),
    Peer(
        name="torchcam",
        module="torchcam.methods",
        package="torchcam",
        methods={
            "cam": "CAM",
            "grad-cam": "GradCAM",
            "grad-cam++": "GradCAMpp",
            "smooth-grad-cam++": "SmoothGradCAMpp",
            "xgrad-cam": "XGradCAM",
            "layer-cam": "LayerCAM",
            "score-cam": "ScoreCAM",
            "ss-cam": "SSCAM",
            "is-cam": "ISCAM",
        },
        prepare=_torchcam,
    ),
    Peer(
        name="captum",
        module="captum.attr",
        package="captum",
        methods={"cam": "LayerGradCam", "grad-cam": "LayerGradCam"},
        prepare=_captum,
    ),
)
PEERS: dict[str, Peer] = {peer.name: peer for peer in _PEERS}
