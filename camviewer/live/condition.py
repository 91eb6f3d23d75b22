"""How a source is doing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Condition(StrEnum):
    """What a source does."""

    OPENING = "opening"
    RUNNING = "running"
    STALLED = "stalled"  # it is open, or being opened, and nothing comes
    LOST = "lost"  # it is tried again by itself
    PAUSED = "paused"
    ENDED = "ended"
    REFUSED = "refused"  # it is tried again when somebody asks for it
    CLOSED = "closed"


@dataclass(frozen=True)
class Status:
    """What a source does, for people.

    Attributes:
        condition: what it does.
        message: what happened and what follows, in a sentence or two; empty where all is well.
        attempt: how many times it was opened in vain since it last ran.
    """

    condition: Condition
    message: str = ""
    attempt: int = 0
