"""``camviewer export-model``: what it writes, and what it says of it."""

from pathlib import Path

import pytest

from camviewer.cli import main
from camviewer.export import network
from camviewer.export.network import Exported
from camviewer.models.classifier import Classifier


def test_what_was_written_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def onnx(classifier: Classifier, path: Path) -> Exported:
        asked.append((classifier.name, path))
        return Exported(path, 2e-7, ("It takes any number of pictures of any size.",))

    def state_dict(file: Path, path: Path) -> Exported:
        asked.append((file, path))
        return Exported(path, 0.0, ("torchvision loads it.",))

    monkeypatch.setattr(network, "to_onnx", onnx)
    monkeypatch.setattr(network, "to_state_dict", state_dict)
    assert main(["export-model", "starter", "--onnx", "x.onnx"]) == 0
    assert asked == [("starter", Path("x.onnx"))]
    said = capsys.readouterr().out
    assert "Written to x.onnx. Logits are off by at most 2.0e-07 of the largest." in said
    assert "any size" in said
    assert main(["export-model", "starter", "--state-dict", "x.pth"]) == 2
    assert "is made of a file that `camviewer teach` wrote" in capsys.readouterr().err
    file = tmp_path / "mine.safetensors"
    file.write_bytes(b"")
    assert main(["export-model", str(file), "--state-dict", "x.pth"]) == 0
    assert asked[1:] == [(file, Path("x.pth"))]


def test_it_must_be_told_what_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export-model", "starter"])
    assert "give --onnx OUT or --state-dict OUT" in capsys.readouterr().err
