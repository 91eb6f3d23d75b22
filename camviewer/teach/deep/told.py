"""What is told of deep teaching while it goes on, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from camviewer.models.classifier import Classifier
from camviewer.teach.data.dataset import Broken


@dataclass(frozen=True)
class Step:
    """A batch was learnt from, or, before the first, a picture was read.

    Attributes:
        epoch: from 1; 0 while the pictures are read.
        done: steps of this epoch, or pictures read.
        of: how many there are of those.
        loss: mean over the batch's pictures; None while pictures are read.
        seconds_left: for all epochs, if none is left out; None while there is no telling.
    """

    epoch: int
    done: int
    of: int
    loss: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True)
class Epoch:
    """The held-out pictures were looked at.

    Attributes:
        number: from 1; 0 before anything was learnt.
        of: how many epochs there will be at most.
        loss: cross-entropy on the pictures learnt from, changed as they were and averaged over the
            epoch; None for number 0.
        held_out_loss: on the held-out pictures as they are.
        accuracy: share of held-out pictures whose best class is right; with several labels, share
            of right answers (a class is there from 0.5 on). In [0, 1].
        balanced: the same as a mean over classes, however many pictures they have.
        best: no earlier epoch was as good.
        seconds_left: if none is left out; None while there is no telling.
    """

    number: int
    of: int
    loss: float | None
    held_out_loss: float
    accuracy: float
    balanced: float
    best: bool
    seconds_left: float | None = None


class Ending(StrEnum):
    """Why teaching ended; the best network so far is kept in every case."""

    DONE = "all epochs are done"
    EARLY = "the held-out pictures are not told apart any better"
    CANCELLED = "cancelled"
    DIVERGED = "the numbers grew beyond bounds; a lower rate may help"


@dataclass(frozen=True, eq=False)
class Tuned:
    """What came out.

    Attributes:
        classifier: with the weights of the best epoch.
        epochs: all that were told, also those before it was gone on with.
        best: the number of the epoch whose weights these are; 0 if the network did not get better.
        ending: why it ended.
        broken: pictures that could not be read, and were left out.
    """

    classifier: Classifier
    epochs: tuple[Epoch, ...]
    best: int
    ending: Ending
    broken: tuple[Broken, ...]
