"""Networks that look at several frames at once: what they see in each, and when."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from camviewer.cam.device import Device
from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import AUTO, METHODS, Method, Partial
from camviewer.cam.split import Run
from camviewer.cam.targets import Target
from camviewer.errors import MethodError, ModelError
from camviewer.inspector.asking import Asked
from camviewer.inspector.inspector import Inspector, Watch, heatmaps_of
from camviewer.inspector.request import Request, Sharper
from camviewer.inspector.window import clip_of
from camviewer.models.classifier import Classifier
from camviewer.models.video_preprocess import ClipPreprocessing
from camviewer.types import Clip, Frame, Geometry, Heatmap, Inspection

_PROBED = 16  # frames; layers look alike at every length, and long clips open slowly

# They look at cells one by one and at sums over all of them, or at the head alone, and never at
# which cell lies beside which: that they are asked about cells in time as well changes nothing.
SERVING = frozenset({
    "cam", "grad-cam", "xgrad-cam", "hires-cam", "layer-cam", "elementwise-grad-cam", "grad-cam++",
    "smooth-grad-cam++", "shapley-cam", "finer-cam", "eigen-cam", "eigen-grad-cam", "dff",
    "ablation-cam",
})  # fmt: skip
_UNSERVED = "It looks at a single picture, and this network looks at clips."
_SHARPER = (
    "Sharper maps are made of a single picture, and this network looks at clips. Ask for plain "
    "maps."
)


class ClipInspector(Inspector):
    """A classifier of clips, opened on a device. Not thread-safe: one thread at a time.

    A `Clip` is inspected as the frame that it is, in the light of the frames around it: the scores
    are those of the whole clip; the map over time, rows and columns is interpolated linearly in
    time to the frame's place. Its colours have one range for the clip, so that brighter means more
    also from frame to frame.

    A plain frame is shown to the network as a clip in which nothing moves, and its map is the mean
    over time. That is what an image says about an action; refusing would leave a person who opens
    a picture with an error for each.
    """

    def __init__(
        self,
        classifier: Classifier,
        device: str = AUTO,
        runtime: str = AUTO,
        *,
        background: bool = False,
    ) -> None:
        """Open the classifier; see `Inspector`.

        Raises:
            CamviewerError: if the device, the network or the runtime cannot be used.
        """
        if not isinstance(classifier.preprocessing, ClipPreprocessing):
            raise ModelError(f"{classifier.name} looks at single pictures, not at clips.")
        self.expected: ClipPreprocessing = classifier.preprocessing
        self._latest: _Known | None = None
        self._some: Run | None = None
        super().__init__(classifier, device, runtime, background=background)

    @property
    def viewing_note(self) -> str:
        """What the user should know of how pictures are shown to the network."""
        return (
            f"This network looks at clips of {self.expected.frames} frames; a still picture is "
            "shown to it as a clip in which nothing moves."
        )

    def methods(self, layer: str | None = None) -> dict[str, str]:
        """Every method by name, with the reason why it cannot serve here; empty when it can.

        Raises:
            MethodError: if there is no layer of this name.
        """
        found = super().methods(layer)
        return {name: why if name in SERVING else _UNSERVED for name, why in found.items()}

    def require(self, method: str, layer: str | None, sharper: Sharper | None = None) -> None:
        """Check that a method serves this network at a layer; no way to sharper maps does.

        Raises:
            MethodError: if not; the message names what does.
        """
        _check(method, sharper or Sharper())
        super().require(method, layer)

    def sharpest(self, layer: str | None = None) -> Sharper:
        """A plain map: there is no way to a sharper one.

        Raises:
            MethodError: if there is no layer of this name.
        """
        self._explainer.layer(layer)
        return Sharper()

    def inspect(
        self, frame: Frame, request: Request | None = None, watch: Watch | None = None
    ) -> Inspection:
        """Explain one frame of a clip; see `Inspector.inspect`.

        What the network computed of a clip is kept: its other frames cost next to nothing.

        Raises:
            MethodError: if the method or the layer cannot serve this network.
            ModelError: if the network returns no finite scores.
        """
        request = request or self.usual
        _check(request.method, request.sharper)
        return super().inspect(frame, request, watch)

    def look(
        self, frames: Sequence[Frame], request: Request | None = None
    ) -> tuple[Inspection, ...]:
        """Explain every frame of one clip.

        Args:
            frames: in order; more or fewer than the network looks at are evenly thinned out or
                repeated.
            request: what to look for.

        Returns:
            One inspection for each of the frames, all with the same scores.

        Raises:
            MethodError: if the method or the layer cannot serve this network.
            ModelError: if the network returns no finite scores.
        """
        together = tuple(frames)
        clips = (clip_of(frame, together, place) for place, frame in enumerate(together))
        return tuple(self.inspect(clip, request) for clip in clips)

    @property
    def _probe_frames(self) -> int:
        own = self.expected.frames
        return own if self.expected.fixed_size else min(own, _PROBED)

    def _some_run(self, layer: str | None) -> Run:
        """A run at the layer; one is kept, for a clip costs what sixteen pictures do."""
        target = self._explainer.layer(layer)
        if self._some is None or self._some.layer != target:
            self._some = super()._some_run(layer)
        return self._some

    def _open(self, device: Device) -> Explainer:
        self._some = None
        return super()._open(device)

    def _shows_the_same(self, one: Frame, other: Frame) -> bool:
        if isinstance(one, Clip) and isinstance(other, Clip):
            return one.frames is other.frames
        return one is other

    def _steps(
        self,
        frame: Frame,
        request: Request,
        run: Run,
        geometry: Geometry,
        method: Method,
        asked: list[Asked],
    ) -> Iterator[Partial]:
        """A method's maps; those of the latest clip are kept for its other frames."""
        targets = tuple(one.target for one in asked)
        latest = self._latest
        if latest is not None and latest.answers(run, method, targets):
            yield Partial(latest.maps, 1.0)
            return
        for partial in super()._steps(frame, request, run, geometry, method, asked):
            if partial.done >= 1:
                self._latest = _Known(weakref.ref(run), method, targets, partial.maps.detach())
            yield partial

    def _heatmaps(
        self, maps: Tensor, run: Run, frame: Frame, geometry: Geometry, asked: list[Asked]
    ) -> list[Heatmap]:
        moments = run.layer.layout.moments(tuple(run.activation.shape))
        values = maps.reshape(len(maps), moments, -1, maps.shape[2])
        if not isinstance(frame, Clip):
            return heatmaps_of(values.mean(1), geometry, asked)
        share = (frame.place + 0.5) / len(frame.frames)
        shown = heatmaps_of(_between(values, share * moments - 0.5), geometry, asked)
        each = [heatmaps_of(values[:, moment], geometry, asked) for moment in range(moments)]
        peaks = [
            max(heatmap.peak for heatmap in over_time) for over_time in zip(*each, strict=True)
        ]
        return [replace(one, ceiling=peak) for one, peak in zip(shown, peaks, strict=True)]


@dataclass(frozen=True, eq=False)
class _Known:
    """The latest maps of a method."""

    run: weakref.ref[Run]
    method: Method
    targets: tuple[Target, ...]
    maps: Tensor

    def answers(self, run: Run, method: Method, targets: tuple[Target, ...]) -> bool:
        """Whether these are the maps of that."""
        return self.run() is run and (self.method, self.targets) == (method, targets)


def _between(values: Tensor, place: float) -> Tensor:
    """Maps ``(targets, moments, rows, columns)`` at a moment, linear; the ends reach outwards."""
    last = values.shape[1] - 1
    place = min(max(place, 0.0), float(last))
    before = int(place)
    after = min(before + 1, last)
    return values[:, before].lerp(values[:, after], place - before)


def _check(method: str, sharper: Sharper) -> None:
    if method in METHODS and method not in SERVING:
        raise MethodError(
            f"{METHODS[method].title} cannot serve here. {_UNSERVED} Use the method {AUTO}."
        )
    if sharper != Sharper():
        raise MethodError(_SHARPER)
