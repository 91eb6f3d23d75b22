"""The one pipeline from a frame to its inspection; the window and the command line both call it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from camviewer.boxes import explain
from camviewer.cam.device import Device, choose_device
from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import AUTO, METHODS, Method, Partial, find_method, require
from camviewer.cam.split import Layer, Run
from camviewer.errors import MethodError, ModelError
from camviewer.inspector.asking import Asked, about_classes, about_likeness
from camviewer.inspector.request import FUSED_THRESHOLD, Request, Sharper
from camviewer.inspector.sharper import Sharpening, require_sharper, sharpest
from camviewer.models.classifier import Activation, Classifier, as_logits
from camviewer.types import (
    Ask,
    BoxRule,
    Frame,
    Geometry,
    Heatmap,
    Inspection,
    Origin,
    Prediction,
    Size,
)

_LARGEST_PROBE = 224  # pixels; layers look alike at every size, and large inputs open slowly

Watch = Callable[[Inspection, float], None]
"""Is given the inspection as far as it is known, and the share of the work that is done."""


@dataclass(frozen=True, eq=False)
class _Seen:
    """The last frame as it went through the trunk."""

    frame: Frame
    geometry: Geometry
    run: Run


class Inspector:
    """A classifier, opened on a device. Not thread-safe: one thread at a time.

    `inspector_for` makes the one that fits a classifier.
    """

    def __init__(
        self,
        classifier: Classifier,
        device: str = AUTO,
        runtime: str = AUTO,
        *,
        background: bool = False,
    ) -> None:
        """Open the classifier.

        Args:
            classifier: the network with labels and preprocessing.
            device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
            runtime: what computes the trunk: ``auto``, ``eager``, ``onnx`` or ``cuda-graph``.
            background: with ``auto``, make whatever is faster in the background.

        Raises:
            CamviewerError: if the device, the network or the runtime cannot be used.
        """
        self.classifier = classifier
        self._runtime = runtime
        self._background = background
        self._device = choose_device(device)
        self._explainer = self._open(self._device)
        self._seen: _Seen | None = None

    @property
    def device(self) -> str:
        """What it runs on, such as ``cpu`` or ``cuda``."""
        return str(self._device)

    @property
    def device_note(self) -> str:
        """Why it runs there, where the user should know; else empty."""
        return self._device.note

    @property
    def runtime(self) -> str:
        """What computes now, as shown: ``eager``, ``onnx`` or ``cuda graph``."""
        return self._explainer.runtime

    @property
    def runtime_note(self) -> str:
        """Why it is that, where the user should know; else empty."""
        return self._explainer.runtime_note

    @property
    def viewing_note(self) -> str:
        """What the user should know of how pictures are shown to the network; else empty."""
        return ""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer that can be the target layer, in order of execution."""
        return self._explainer.layers

    def cells(self, layer: Layer) -> Size:
        """``(rows, columns)`` of a layer's map of a square picture of the network's own size.

        The network was opened with a smaller one where it is large; maps grow with the picture.
        """
        side = self.classifier.preprocessing.input_size
        rows, columns = (-(-n * side // self._probe_size) for n in layer.cells)
        return rows, columns

    @property
    def automatic_layer(self) -> Layer:
        """The layer that is looked at unless another is chosen."""
        return self._explainer.automatic

    @property
    def input_sizes(self) -> tuple[int, int, int] | None:
        """Smallest and largest sensible input size and the step; None when the size is fixed."""
        preprocessing = self.classifier.preprocessing
        if preprocessing.fixed_size:
            return None
        own, step = preprocessing.input_size, 32
        return max(step, own // 2 // step * step), own * 4 // step * step, step

    @property
    def usual(self) -> Request:
        """What is looked for where nothing else is asked: boxes are cut where the network wants."""
        return Request(rule=BoxRule(threshold=self.classifier.box_threshold))

    def usual_threshold(self, sharper: Sharper) -> float:
        """Where boxes are cut on such maps unless a person says otherwise."""
        own = self.classifier.box_threshold
        return max(own, FUSED_THRESHOLD) if sharper.fuse else own

    def methods(self, layer: str | None = None) -> dict[str, str]:
        """Every method by name, with the reason why it cannot serve here; empty when it can.

        Raises:
            MethodError: if there is no layer of this name.
        """
        run = self._some_run(layer)
        return {method.name: method.obstacle(run) for method in METHODS.values()}

    def require(self, method: str, layer: str | None, sharper: Sharper | None = None) -> None:
        """Check that a method serves this network at a layer, and so do the ways to sharper maps.

        Raises:
            MethodError: if not; the message names what does.
        """
        run = self._some_run(layer)
        require(find_method(method, run), run)
        if sharper is not None:
            require_sharper(sharper, run.layer, self.layers, self.classifier.preprocessing)

    def sharpest(self, layer: str | None = None) -> Sharper:
        """The ways to sharper maps that localised best, as far as this network can.

        Raises:
            MethodError: if there is no layer of this name.
        """
        target = self._explainer.layer(layer)
        return sharpest(target, self.layers, self.classifier.preprocessing)

    def inspect(
        self, frame: Frame, request: Request | None = None, watch: Watch | None = None
    ) -> Inspection:
        """Explain one frame.

        The trunk's result is kept: another class or method on the same frame costs only the head.

        Args:
            frame: the picture.
            request: what to look for; None for what is usual.
            watch: called whenever a slow method knows more, and what it raises ends the inspection.

        Raises:
            MethodError: if the method or the layer cannot serve this network.
            ModelError: if the network returns no finite scores.
        """
        request = request or self.usual
        started = time.perf_counter()
        try:
            return self._inspect(frame, request, started, watch)
        except torch.OutOfMemoryError:
            if self.device == "cpu":
                raise MethodError(
                    "Not enough memory for this input size. Choose a smaller one."
                ) from None
        self._fall_back()
        return self._inspect(frame, request, started, watch)

    def close(self) -> None:
        """Give up what is being made in the background; takes a second at most."""
        self._explainer.close()

    def scores(self, pictures: Tensor) -> Tensor:
        """What the network says of perturbed pictures; always eager torch.

        Args:
            pictures: float32 ``(batch, 3, height, width)``, normalised as the network expects.

        Returns:
            Probabilities ``(batch, classes)`` in [0, 1], float32 on the CPU.
        """
        with torch.no_grad():
            logits = as_logits(self._explainer.network(pictures.to(self._device.device)))
            return self.classifier.scores(logits.float()).cpu()

    def _some_run(self, layer: str | None) -> Run:
        """A run at the layer, whatever the picture."""
        target = self._explainer.layer(layer)
        if self._seen is not None and self._seen.run.layer == target:
            return self._seen.run
        frames = () if self._probe_frames is None else (self._probe_frames,)
        sides = self._probe_size, self._probe_size
        return self._explainer.run(torch.zeros(1, 3, *frames, *sides), target)

    def _inspect(
        self, frame: Frame, request: Request, started: float, watch: Watch | None
    ) -> Inspection:
        run, geometry = self._trunk(frame, request)
        predictions = self._predictions(run)
        asked = self._asked(run, predictions, request)
        method = find_method(request.method, run, [one.target for one in asked])
        require(method, run)
        inspection = Inspection(
            frame=frame,
            geometry=geometry,
            predictions=predictions,
            explanations=(),
            origin=Origin(
                model=self.classifier.name,
                weights=self.classifier.weights,
                weights_sha256=self.classifier.weights_sha256,
                layer=run.layer.name,
                method=method.name,
                fit=request.fit,
                device=self.device,
                note=self.device_note,
                runtime=run.runtime,
                question=request.question,
                sharper=request.sharper.ways,
            ),
            seconds=0.0,
            multi_label=self.classifier.activation is Activation.SIGMOID,
        )
        if asked:
            for partial in self._steps(frame, request, run, geometry, method, asked):
                heatmaps = self._heatmaps(partial.maps, run, frame, geometry, asked)
                inspection = replace(
                    inspection,
                    explanations=tuple(
                        explain(heatmap, request.rule, frame) for heatmap in heatmaps
                    ),
                )
                if watch is not None and partial.done < 1:
                    watch(inspection, partial.done)
        return replace(inspection, seconds=time.perf_counter() - started)

    def _steps(
        self,
        frame: Frame,
        request: Request,
        run: Run,
        geometry: Geometry,
        method: Method,
        asked: list[Asked],
    ) -> Iterator[Partial]:
        targets = [one.target for one in asked]
        if request.sharper == Sharper():
            return method.steps(run, targets)
        sharpening = Sharpening(
            frame, request, self.classifier.preprocessing, self.layers, self._explainer.run
        )
        return sharpening.steps(method, run, geometry, targets)

    def _predictions(self, run: Run) -> tuple[Prediction, ...]:
        logits = run.prediction[0].float()
        if not torch.isfinite(logits).all():
            raise ModelError(
                f"{self.classifier.name} returned scores that are not finite numbers. Its weights "
                "may be damaged, or its mean and standard deviation wrong."
            )
        labels, scores = self.classifier.labels, self.classifier.scores(logits).tolist()
        rows = zip(range(len(labels)), labels, scores, logits.tolist(), strict=True)
        return tuple(map(Prediction._make, rows))  # a thousand for each picture of a live view

    def _asked(
        self, run: Run, predictions: tuple[Prediction, ...], request: Request
    ) -> list[Asked]:
        question = request.question
        if question.ask is not Ask.LIKE:
            return about_classes(self.classifier, predictions, request)
        if question.reference is None:
            raise MethodError("Choose the reference picture to compare with.")
        preprocessing = self.classifier.preprocessing
        geometry = preprocessing.geometry(question.reference.size, request.fit, request.input_size)
        other = self._explainer.run(preprocessing.tensor(question.reference, geometry), run.layer)
        reference = other.embedding.detach()[0]
        cosine = torch.cosine_similarity(run.embedding.detach()[0], reference, dim=0)
        return [about_likeness(question, reference, float(cosine))]

    def _trunk(self, frame: Frame, request: Request) -> tuple[Run, Geometry]:
        preprocessing = self.classifier.preprocessing
        geometry = preprocessing.geometry(frame.size, request.fit, request.input_size)
        layer = self._explainer.layer(request.layer)
        seen = self._seen
        if (
            seen is not None
            and self._shows_the_same(seen.frame, frame)
            and seen.geometry == geometry
            and seen.run.layer == layer
        ):
            return seen.run, geometry
        self._seen = None  # frees its memory before the next run needs it
        picture = preprocessing.tensor(frame, geometry, self._device.device)
        run = self._explainer.run(picture, layer)
        if run.prediction.shape[1] != len(self.classifier.labels):
            raise ModelError(
                f"{self.classifier.name} has {run.prediction.shape[1]} classes but "
                f"{len(self.classifier.labels)} labels. Choose the labels file that belongs to it."
            )
        self._seen = _Seen(frame, geometry, run)
        return run, geometry

    def _open(self, device: Device) -> Explainer:
        return Explainer(
            self.classifier.network,
            self._probe_size,
            device.device,
            self.classifier.target_layer,
            runtime=self._runtime,
            weights_sha256=self.classifier.weights_sha256,
            background=self._background,
            frames=self._probe_frames,
        )

    @property
    def _probe_frames(self) -> int | None:
        """Of the clip that the network is opened with; None for a network of pictures."""
        return None

    def _shows_the_same(self, one: Frame, other: Frame) -> bool:
        """Whether the network is shown the same for two frames, laid into its input alike."""
        return one is other

    def _heatmaps(
        self, maps: Tensor, run: Run, frame: Frame, geometry: Geometry, asked: list[Asked]
    ) -> list[Heatmap]:
        """What a method's maps ``(targets, rows, columns)`` say of a frame."""
        del run, frame  # a picture's map is all of it
        return heatmaps_of(maps, geometry, asked)

    @property
    def _probe_size(self) -> int:
        preprocessing = self.classifier.preprocessing
        own = preprocessing.input_size
        return own if preprocessing.fixed_size else min(own, _LARGEST_PROBE)

    def _fall_back(self) -> None:
        exhausted = self.device
        self._seen = None
        self._device = Device(
            torch.device("cpu"), f"{exhausted} ran out of memory: running on the CPU."
        )
        self._runtime = AUTO  # what was asked for may run on the other device only
        self._explainer = self._open(self._device)
        if exhausted.startswith("cuda"):
            torch.cuda.empty_cache()


def heatmaps_of(maps: Tensor, geometry: Geometry, asked: list[Asked]) -> list[Heatmap]:
    """Maps ``(targets, rows, columns)`` with what was asked."""
    values = maps.detach().float().cpu().numpy()
    return [
        Heatmap(
            values=value,
            geometry=geometry,
            target=one.index,
            label=one.label,
            score=one.score,
            present=one.present,
        )
        for one, value in zip(asked, values, strict=True)
    ]
