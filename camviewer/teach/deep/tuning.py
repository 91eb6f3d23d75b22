"""Deep teaching: pictures are shown, the network changes, the best of it is kept."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from camviewer.cam.device import AUTO, choose_device
from camviewer.errors import CamviewerError, CancelledError
from camviewer.models.classifier import Classifier
from camviewer.teach.data.dataset import Broken, Dataset
from camviewer.teach.data.split import Split
from camviewer.teach.deep import state as states
from camviewer.teach.deep.interruption import Cancelled, interruptible
from camviewer.teach.deep.learner import Learner
from camviewer.teach.deep.material import Material
from camviewer.teach.deep.options import Options
from camviewer.teach.deep.pictures import batches
from camviewer.teach.deep.told import Ending, Epoch, Step, Tuned
from camviewer.teach.deep.trial import Trial, try_out

_WARM_UP = 0.05  # share of all steps during which the rates rise


def fine_tune(
    classifier: Classifier,
    dataset: Dataset,
    split: Split,
    options: Options | None = None,
    *,
    device: str = AUTO,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    on_step: Callable[[Step], None] = lambda _: None,
    cancelled: Cancelled = lambda: False,
    state: Path | None = None,
) -> Tuned:
    """Teach the last stages of a network, or all of it, from pictures with class names.

    The network is never worse than it was: what is kept is the epoch after which most of the
    held-out pictures were told apart, and that may be the one before the first. On a CPU the same
    pictures, options and number of threads give the same numbers, also when it was interrupted
    after an epoch and gone on with.

    Args:
        classifier: its labels are the data set's classes, as those of what fast teaching made; see
            `fresh_head` for one of other classes. Left as it is.
        dataset: the pictures.
        split: which are learnt from, and which are held out.
        options: see `Options`; their defaults if None.
        device: ``auto``, ``cpu``, ``cuda``...
        on_epoch: told after each epoch, and once before the first.
        on_step: told after each batch, and for each picture read before.
        cancelled: asked at every layer; the best so far is kept then.
        state: a file that is written after each epoch; if it is there, teaching goes on from it.

    Raises:
        CancelledError: if it was cancelled before anything is known.
        CamviewerError: if there are no pictures that can be read, the state belongs to another
            teaching or cannot be written, or the memory does not suffice.
        ModelError: if the network does not end in a linear layer.
        ValueError: if the classes are not those of the classifier.
    """
    if classifier.labels != dataset.classes:
        raise ValueError("the classifier has other labels than the data set has classes")
    chosen = Options() if options is None else options
    where = choose_device(device).device
    pictures = Material(classifier, dataset, chosen)
    pictures.read(split, on_step, cancelled)
    tuning = _Tuning(classifier, pictures, chosen, where, state)
    try:
        ending = tuning.run(on_epoch, on_step, cancelled)
    except torch.OutOfMemoryError as error:
        raise CamviewerError(
            "The memory of the GPU does not suffice for this network. Teach fewer stages, smaller "
            "pictures or smaller batches, or teach on the CPU."
        ) from error
    return tuning.result(ending, pictures.broken)


@dataclass
class _Clock:
    """How long the rest takes if it goes on like this."""

    started: float
    done: int = 0

    def left(self, steps: int) -> float | None:
        """Seconds for so many steps more; None before the first."""
        return (time.monotonic() - self.started) / self.done * steps if self.done else None


class _Tuning:
    """From epoch to epoch."""

    def __init__(
        self,
        classifier: Classifier,
        pictures: Material,
        options: Options,
        device: torch.device,
        state: Path | None,
    ) -> None:
        self._classifier = classifier
        self._pictures = pictures
        self._options = options
        self._device = device
        self._learner = Learner(classifier, options, device, len(pictures.taught_paths))
        self._state = state
        self._key = _key(classifier, pictures, options) if state else ""
        self._epochs: tuple[Epoch, ...] = ()
        self._best: dict[str, Tensor] = {}

    def run(
        self,
        on_epoch: Callable[[Epoch], None],
        on_step: Callable[[Step], None],
        cancelled: Cancelled,
    ) -> Ending:
        """Teach until there is a reason to end.

        Raises:
            CancelledError: if it was cancelled before the network was looked at.
        """
        self._go_on()
        try:
            with interruptible(self._learner.network, cancelled):
                return self._run(on_epoch, on_step)
        except CancelledError:
            if not self._epochs:
                raise
            return Ending.CANCELLED
        finally:
            self._learner.stop()

    def result(self, ending: Ending, broken: tuple[Broken, ...]) -> Tuned:
        """The best network, on the CPU; thresholds that were chosen for other scores are gone."""
        self._learner.set_numbers(self._best)
        network = self._learner.network.to("cpu")
        made = replace(
            self._classifier, network=network, weights="taught", weights_sha256="", thresholds=None
        )
        return Tuned(made, self._epochs, self._best_epoch.number, ending, broken)

    @property
    def _best_epoch(self) -> Epoch:
        return best_of(self._epochs)

    def _run(self, on_epoch: Callable[[Epoch], None], on_step: Callable[[Step], None]) -> Ending:
        clock = _Clock(time.monotonic())
        if not self._epochs:
            on_epoch(self._tried(None, None))
        while (number := self._epochs[-1].number) < self._options.epochs:
            if number - self._best_epoch.number >= self._options.patience:
                return Ending.EARLY
            loss = self._taught(number + 1, clock, on_step)
            if not math.isfinite(loss):
                return Ending.DIVERGED
            left = self._steps * (self._options.epochs - number - 1)
            epoch = self._tried(loss, clock.left(left))
            on_epoch(epoch)
            if not math.isfinite(epoch.held_out_loss):
                return Ending.DIVERGED
        return Ending.DONE

    @property
    def _steps(self) -> int:
        """In an epoch."""
        return -(-len(self._pictures.taught_paths) // self._options.batch)

    def _taught(self, number: int, clock: _Clock, on_step: Callable[[Step], None]) -> float:
        """An epoch; returns its mean loss."""
        pictures, options, total = self._pictures, self._options, 0.0
        taught = pictures.taught_targets.numpy()
        self._learner.start()
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices):  # dropout draws from the one generator of torch
            torch.manual_seed((options.seed << 16) + number)
            for done, batch in enumerate(batches(taught, options.batch, options.seed, number)):
                parts = pictures.parts(batch, self._device, at_once=self._learner.at_once)
                before = (number - 1) * self._steps + done
                share = _share((before + 1) / (options.epochs * self._steps + 1))
                loss = self._learner.learn(parts, len(batch.pictures), share)
                if not math.isfinite(loss):
                    return loss
                total += loss * len(batch.pictures)
                clock.done += 1
                left = clock.left(options.epochs * self._steps - before - 1)
                on_step(Step(number, done + 1, self._steps, loss, left))
        self._learner.stop()
        return total / len(taught)

    def _tried(self, loss: float | None, left: float | None) -> Epoch:
        """Look at the held-out pictures, and keep the network if it was never better."""
        pictures = self._pictures
        trial = try_out(
            self._learner.network,
            pictures.held_out,
            pictures.held_out_paths,
            pictures.held_out_targets,
            self._classifier.activation,
            self._device,
        )
        best = not self._epochs or trial.better_than(trial_of(self._best_epoch))
        number = self._epochs[-1].number + 1 if self._epochs else 0
        epoch = Epoch(
            number,
            self._options.epochs,
            loss,
            trial.loss,
            trial.accuracy,
            trial.balanced,
            best=best,
            seconds_left=left,
        )
        numbers = self._learner.numbers()
        if best:
            self._best = numbers
        self._epochs += (epoch,)
        if self._state is not None:
            kept = (self._key, numbers, self._best, self._learner.momentum(), self._epochs)
            states.save(states.State(*kept), self._state)
        return epoch

    def _go_on(self) -> None:
        """From where it was left, if that is known."""
        if self._state is None:
            return
        found = states.load(self._state, self._key, self._learner.numbers())
        if found is None:
            return
        try:
            self._learner.set_momentum(found.optimiser)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise states.damaged(self._state) from error
        self._learner.set_numbers(found.network)
        self._best, self._epochs = dict(found.best), found.epochs


def best_of(epochs: Sequence[Epoch]) -> Epoch:
    """The one whose weights are kept."""
    return [epoch for epoch in epochs if epoch.best][-1]


def trial_of(epoch: Epoch) -> Trial:
    """What came out of an epoch."""
    return Trial(epoch.held_out_loss, epoch.accuracy, epoch.balanced)


def _share(done: float) -> float:
    """Of the full rates: a short rise, then half a cosine down to nothing."""
    return min(1.0, done / _WARM_UP) * 0.5 * (1 + math.cos(math.pi * done))


def _key(classifier: Classifier, pictures: Material, options: Options) -> str:
    """Says which network is taught what and how; epochs and patience may change on the way."""
    chosen = replace(options, epochs=1, patience=1)
    sides: Sequence[tuple[list[Path], Tensor]] = (
        (pictures.taught_paths, pictures.taught_targets),
        (pictures.held_out_paths, pictures.held_out_targets),
    )
    shown = [([str(path) for path in paths], targets.tolist()) for paths, targets in sides]
    told = (classifier.name, classifier.labels, classifier.preprocessing, chosen, shown)
    digest = hashlib.sha256(repr(told).encode(errors="surrogatepass"))
    for name, tensor in classifier.network.state_dict().items():
        digest.update(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
