"""The door of the command line: what opens the window, what is printed, how it ends."""

import importlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from camviewer import __version__
from camviewer.cam.methods import METHODS
from camviewer.cli import main
from camviewer.models import zoo
from camviewer.models.preprocess import Overrides


@dataclass(frozen=True)
class Opened:
    """What the window was opened on."""

    paths: list[Path]
    network: str | None
    options: dict[str, Any]
    device: str
    runtime: str | None


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Opened]:
    """What the window was opened on, instead of the window."""
    calls: list[Opened] = []
    window = importlib.import_module("camviewer.gui.app")

    def run(*arguments: Any) -> int:
        calls.append(Opened(*arguments))
        return 0

    monkeypatch.setattr(window, "run", run)
    return calls


@pytest.mark.parametrize(
    "arguments", [[], ["cat.jpg"], ["cat.jpg", "folder"], ["net.safetensors"], ["explain.png"]]
)
def test_paths_open_the_window(opened: list[Opened], arguments: list[str]) -> None:
    assert main(arguments) == main(["view", *arguments]) == 0
    for window in opened:
        assert window.paths == [Path(argument) for argument in arguments]
        assert (window.network, window.device, window.runtime) == ("starter", "auto", None)
        assert window.options["weights"] is None
        assert not window.options["consent"]


@pytest.mark.parametrize("first", [["cat.jpg"], []])
def test_the_window_takes_the_options_of_a_network(opened: list[Opened], first: list[str]) -> None:
    given = ["--model", "resnet18", "--weights", "mine.pth", "--labels", "names.txt"]
    assert main([*first, *given, "--mean", "0", "0.5", "1", "--runtime", "eager"]) == 0
    (window,) = opened
    assert window.paths == [Path(path) for path in first]
    assert (window.network, window.runtime) == ("resnet18", "eager")
    assert window.options == {
        "texts": [],
        "weights": Path("mine.pth"),
        "labels": Path("names.txt"),
        "overrides": Overrides(mean=(0.0, 0.5, 1.0)),
        "consent": False,
    }


def test_what_the_window_does_not_know_is_said(
    opened: list[Opened], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["cat.jpg", "--modle", "resnet18"])
    assert end.value.code == 2
    assert "--modle" in capsys.readouterr().err
    assert opened == []


def test_help_and_version_load_no_network_library() -> None:
    script = (
        "import sys\nfrom camviewer.cli import main\n"
        "try:\n main(sys.argv[1:])\nexcept SystemExit as end:\n assert end.code == 0\n"
        "assert 'torch' not in sys.modules and 'PySide6' not in sys.modules\n"
    )
    for option in ("--version", "--help"):
        done = subprocess.run(
            [sys.executable, "-c", script, option], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith(("usage: camviewer", f"camviewer {__version__}"))


def test_models_are_listed_and_searched(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [f["name"] for f in found] == ["starter", *zoo.names(), *zoo.clip_names()]
    assert {f["name"] for f in found if f["frames"] > 1} == {*zoo.clip_names()}
    assert main(["models", "resnet50"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (plain,) = (line for line in lines if line.startswith("resnet50 "))
    assert "25.6 M parameters" in plain
    assert "% top-1" in plain


def test_networks_of_clips_are_listed_under_their_own_heading(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["models"]) == 0
    pictures, clips = capsys.readouterr().out.split("\nNetworks that look at clips")
    heading, *lines = clips.splitlines()
    assert "actions" in heading
    assert [line.split()[0] for line in lines] == list(zoo.clip_names())
    assert "  16 frames" in next(line for line in lines if line.startswith("r3d_18 "))
    assert [line.split()[0] for line in pictures.splitlines()] == ["starter", *zoo.names()]


def test_no_model_matches(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "xyzzy"]) == 1
    assert "xyzzy" in capsys.readouterr().out


def test_methods_are_listed_with_their_papers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    out = capsys.readouterr().out
    assert "Zhou et al. 2016" in out
    assert "Selvaraju et al. 2017" in out
    assert main(["methods", "--json"]) == 0
    names = [json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()]
    assert set(names) == set(METHODS)


def test_a_reader_that_stops_early_is_no_error() -> None:
    done = subprocess.run(  # noqa: S602
        f"{sys.executable} -m camviewer models --json | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["name"] == "starter"
    assert done.stderr == ""


def test_evaluate_localization_prints_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "localization", str(tmp_path), "--device", "cpu"]) == 2
    assert "*.xml" in capsys.readouterr().err
