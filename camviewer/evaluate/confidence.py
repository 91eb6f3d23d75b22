"""How much of the score is left when only what the map shows is left of the picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from camviewer.evaluate.subject import Subject


@dataclass(frozen=True)
class Confidence:
    """One class's probability with and without what the map leaves out.

    Attributes:
        whole: of the picture, ``Y`` in [0, 1].
        explained: of the explanation map, ``O`` in [0, 1].
    """

    whole: float
    explained: float

    @property
    def drop(self) -> float:
        """``max(0, Y - O) / Y``, in [0, 1]: low is good. 0 where there is no score to lose."""
        return max(0.0, self.whole - self.explained) / self.whole if self.whole > 0 else 0.0

    @property
    def increased(self) -> bool:
        """``Y < O``: the rest of the picture spoke against the class."""
        return self.whole < self.explained


def confidence(subject: Subject) -> Confidence:
    """Average drop and increase in confidence, for one picture.

    Chattopadhay et al. 2018, Grad-CAM++: Generalized Gradient-Based Visual Explanations for Deep
    Convolutional Networks, section 5.1. The explanation map ``E = L * I`` is the picture, with its
    values from 0 to 1, times the map as shown, from 0 to 1: what the map leaves out turns black.
    Over many pictures the mean of `Confidence.drop` is the average drop and the share of
    `Confidence.increased` the increase in confidence (there in per cent).
    """
    colours = subject.picture[0] * subject.std + subject.mean
    explained = (colours * subject.share - subject.mean) / subject.std
    rows, columns = subject.window
    masked = subject.picture[0].clone()
    masked[:, rows, columns] = explained[:, rows, columns]
    whole, left = subject.score(torch.stack([subject.picture[0], masked])).tolist()
    return Confidence(whole, left)
