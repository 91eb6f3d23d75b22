"""Where networks run, and why."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from camviewer.errors import CamviewerError

AUTO = "auto"


@dataclass(frozen=True)
class Device:
    """A device with what the user should know about the choice (empty when nothing)."""

    device: torch.device
    note: str = ""

    def __str__(self) -> str:
        return str(self.device)


def choose_device(wanted: str = AUTO) -> Device:
    """The device to run on: for ``auto`` CUDA, else Apple's MPS, else the CPU.

    Args:
        wanted: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``...

    Returns:
        The device, tried with a small computation; with a note when a faster one did not work.

    Raises:
        CamviewerError: if a device that was named does not exist or does not work.
    """
    if wanted == AUTO:
        return _automatic()
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise CamviewerError(
            f"No device {wanted!r}. Choose auto, cpu, cuda, cuda:N or mps."
        ) from error
    fault = _fault(device)
    if fault:
        raise CamviewerError(f"Device {wanted!r} does not work here: {fault} Choose auto or cpu.")
    return Device(device)


def _automatic() -> Device:
    notes: list[str] = []
    for name, present in (
        ("cuda", torch.cuda.is_available()),
        ("mps", torch.backends.mps.is_available()),
    ):
        if not present:
            continue
        fault = _fault(torch.device(name))
        if not fault:
            return Device(torch.device(name), " ".join(notes))
        notes.append(f"{name} does not work: {fault}")
    notes.append("Running on the CPU." if notes else "No GPU found, running on the CPU.")
    return Device(torch.device("cpu"), " ".join(notes))


def _fault(device: torch.device) -> str:
    """What is wrong with a device, in one sentence; empty when it computes."""
    try:
        torch.ones(2, device=device).sum().item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        return str(error).splitlines()[0].rstrip(".") + "."
    return ""
