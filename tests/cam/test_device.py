"""The device, and why."""

import pytest
import torch

from camviewer.cam.device import choose_device
from camviewer.errors import CamviewerError


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.usefixtures("no_gpu")
def test_auto_without_a_gpu_is_the_cpu_and_says_so() -> None:
    chosen = choose_device()
    assert str(chosen) == "cpu"
    assert chosen.note == "No GPU found, running on the CPU."


@pytest.mark.usefixtures("no_gpu")
def test_a_gpu_that_does_not_work_is_passed_over_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("CUDA driver is too old\nmore")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", broken)
    chosen = choose_device()
    assert str(chosen) == "cpu"
    assert chosen.note == "cuda does not work: CUDA driver is too old. Running on the CPU."


def test_the_cpu_by_name_needs_no_note() -> None:
    assert choose_device("cpu").note == ""


@pytest.mark.parametrize("name", ["quantum", "cuda:99"])
def test_devices_that_do_not_exist_are_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(CamviewerError, match="cpu"):
        choose_device(name)
