"""One network and one method: what the forward pass, ours and the peers take, in one run."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import torch
from torch import Tensor, nn

from camviewer.bench import ROUNDS, whole_way
from camviewer.bench.peers import PEERS, Call, Job
from camviewer.bench.plain_loop import PEER, plain_loop
from camviewer.bench.timing import Blocks, Timing, interleaved, ratio
from camviewer.bench.whole_way import WholeWay, WholeWayTimes, bare_replay
from camviewer.cam.explainer import Explainer
from camviewer.cam.layout import Axes
from camviewer.cam.methods import Method, find_method, require
from camviewer.cam.runtimes import Choice
from camviewer.cam.split import Layer
from camviewer.cam.targets import classes
from camviewer.errors import MethodError, ModelError
from camviewer.models import zoo

_FORWARD, _OURS, _EVERY_CLASS = "forward", "camviewer", "every class"


@dataclass(frozen=True)
class Row:
    """What a map costs; times in milliseconds.

    Attributes:
        network: its name.
        method: the method's name.
        runtime: what computed our trunk.
        device: where everything ran.
        threads: torch's, on the CPU.
        ratio_to_forward: ours over the plain forward pass: eager torch, inference mode.
        every_class_to_one: the maps of all classes over one map; None where that is no closed form.
        times_faster_than: by peer, theirs over ours; None where it lacks the method.
        forward_ms: the plain forward pass.
        ours_ms: picture tensor to probabilities and one map.
        peers_ms: the same by others.
        whole_way: from a frame to the picture that is seen; None on the CPU, where `bench --live`
            tells more.
    """

    network: str
    method: str
    runtime: str
    device: str
    threads: int
    ratio_to_forward: float
    every_class_to_one: float | None
    times_faster_than: dict[str, float | None]
    forward_ms: Timing
    ours_ms: Timing
    peers_ms: dict[str, Timing | None]
    whole_way: WholeWayTimes | None = None

    def as_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return asdict(self)


class Bench:
    """A network with random weights, opened on a device, with a picture of noise."""

    def __init__(self, network: str, device: torch.device, runtime: str = Choice.AUTO) -> None:
        """Build and open it; waits until the runtime is ready.

        Args:
            network: one of torchvision's.
            device: where to run.
            runtime: see `Explainer`; ``auto`` is the fastest one that serves.

        Raises:
            CamviewerError: if there is no such network, or the runtime cannot serve it.
        """
        name = zoo.canonical(network)
        if name is None:
            raise ModelError(f"No network {network!r}. See `camviewer models`.")
        if name in zoo.clip_names():
            raise ModelError(f"{name} looks at clips; networks of pictures are compared here.")
        self.name = name
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self._trainable = zoo.build(name).eval()
            side = zoo.preprocessing(name).input_size
            self._picture = torch.randn(1, 3, side, side)
        frozen = copy.deepcopy(self._trainable).requires_grad_(requires_grad=False)
        self._device = device
        self._explainer = _open(frozen, self._picture, device, runtime)

    def measure(
        self,
        method: str,
        against: Sequence[str] = (),
        rounds: int = ROUNDS,
        watch: Callable[[], None] = lambda: None,
    ) -> Row:
        """Time the forward pass, ours and the peers, a block of each in turn.

        Args:
            method: a name, or ``auto``.
            against: names of peers.
            rounds: how many blocks of each.
            watch: called after each block.

        Raises:
            MethodError: if the method cannot serve this network.
            CamviewerError: if a peer is not installed.
        """
        run = self._explainer.run(self._picture, self._explainer.automatic)
        chosen = find_method(method, run)
        require(chosen, run)
        contenders: dict[str, Call] = {
            _FORWARD: self._forward,
            _OURS: partial(self._ours, chosen, every_class=False),
        }
        if run.linear is not None and not chosen.slow:
            contenders[_EVERY_CLASS] = partial(self._ours, chosen, every_class=True)
        peers = {peer: self._peer(peer, chosen.name) for peer in against}
        contenders |= {peer: call for peer, call in peers.items() if call is not None}
        if self._device.type == "cuda":
            contenders |= self._whole_way(chosen, against)
        timed = {name: _synchronised(call, self._device) for name, call in contenders.items()}
        return self._row(chosen.name, against, interleaved(timed, rounds, watch))

    def _row(self, method: str, against: Sequence[str], blocks: dict[str, Blocks]) -> Row:
        ours = blocks[_OURS]
        every = blocks.get(_EVERY_CLASS)
        return Row(
            network=self.name,
            method=method,
            runtime=self._explainer.runtime,
            device=str(self._device),
            threads=torch.get_num_threads(),
            ratio_to_forward=ratio(ours, blocks[_FORWARD]),
            every_class_to_one=None if every is None else ratio(every, ours),
            times_faster_than={p: ratio(blocks[p], ours) if p in blocks else None for p in against},
            forward_ms=Timing.of(blocks[_FORWARD]),
            ours_ms=Timing.of(ours),
            peers_ms={p: Timing.of(blocks[p]) if p in blocks else None for p in against},
            whole_way=WholeWayTimes.of(blocks),
        )

    def _whole_way(self, method: Method, against: Sequence[str]) -> dict[str, Call]:
        preprocessing = zoo.preprocessing(self.name)
        way = WholeWay(self._explainer, preprocessing, partial(torch.softmax, dim=-1), method)
        frozen = copy.deepcopy(self._trainable).requires_grad_(requires_grad=False)
        calls: dict[str, Call] = {
            whole_way.OURS: way,
            whole_way.REPLAY: bare_replay(frozen, way.input_size, self._device),
        }
        layer = module_behind(self._explainer, self._trainable, self._explainer.automatic)
        if PEER in against and layer is not None:
            network = copy.deepcopy(self._trainable).to(self._device)
            loop = plain_loop(network, layer, preprocessing, self._device)
            calls[whole_way.LOOP] = partial(loop, way.frame)
        return calls

    def _forward(self) -> Tensor:
        with torch.inference_mode():
            logits: Tensor = self._explainer.network(self._picture.to(self._device))
            return logits

    def _ours(self, method: Method, *, every_class: bool) -> tuple[Tensor, Tensor]:
        run = self._explainer.run(self._picture, self._explainer.automatic)
        logits = run.prediction  # as the inspector does
        wanted = range(logits.shape[1]) if every_class else [int(logits.argmax())]
        return logits.softmax(1), method.maps(run, classes(*wanted))

    def _peer(self, peer: str, method: str) -> Call | None:
        layer = module_behind(self._explainer, self._trainable, self._explainer.automatic)
        if layer is None:
            return None
        network = copy.deepcopy(self._trainable).to(self._device)
        return PEERS[peer].call(Job(network, layer, self._picture.to(self._device), method))


def module_behind(explainer: Explainer, network: nn.Module, layer: Layer) -> str | None:
    """The module that a layer is the output of; None where peers cannot be pointed at it.

    Those are tokens, which peers must be taught to read, and layers that are no module's.

    Args:
        explainer: knows the layer.
        network: the same network, or a copy of it.
        layer: the layer.
    """
    if layer.layout.axes is not Axes.CHANNELS_FIRST:
        return None
    if layer.name in dict(network.named_modules()):
        return layer.name
    ending = [module for module, last in explainer.containers.items() if last == layer.name]
    return min(ending, key=len, default=None)


def _open(network: nn.Module, picture: Tensor, device: torch.device, runtime: str) -> Explainer:
    side = picture.shape[3]
    if runtime == Choice.AUTO and device.type == "cpu":
        # asked for by name it is waited for; `auto` would be eager until it is ready
        try:
            explainer = Explainer(network, side, device, runtime=Choice.ONNX)
            explainer.run(picture, explainer.automatic)
        except (MethodError, ModelError):
            return Explainer(network, side, device, runtime=Choice.EAGER)
        return explainer
    return Explainer(network, side, device, runtime=runtime)


def _synchronised(call: Call, device: torch.device) -> Call:
    """A call that ends when the device has done its work."""
    if device.type == "cpu":
        return call

    def waiting() -> object:
        result = call()
        torch.accelerator.synchronize()
        return result

    return waiting
