"""``camviewer bench``: rows for people and for programs."""

import json

import pytest

from camviewer.cli import main
from camviewer.models import zoo
from camviewer.models.preprocess import Preprocessing
from tests.bench.networks import Plain, TwoLayers


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny networks under torchvision's names."""
    made = {"resnet18": Plain, "resnet50": TwoLayers}
    monkeypatch.setattr(zoo, "build", lambda name: made[name]())
    monkeypatch.setattr(zoo, "preprocessing", lambda _: Preprocessing(input_size=8))


def bench(*arguments: str) -> int:
    fixed = ("--rounds", "1", "--device", "cpu", "--runtime", "eager")
    return main(["bench", "--networks", "resnet18", "resnet50", *fixed, *arguments])


def test_one_object_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    against = ("pytorch-grad-cam", "torchcam")
    assert bench("--methods", "grad-cam", "hires-cam", "--json", "--against", *against) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(r["network"], r["method"]) for r in rows] == [
        ("resnet18", "grad-cam"), ("resnet18", "hires-cam"),
        ("resnet50", "grad-cam"), ("resnet50", "hires-cam"),
    ]  # fmt: skip
    for row in rows:
        assert row["runtime"] == "eager"
        assert row["ratio_to_forward"] > 0
        assert row["times_faster_than"]["pytorch-grad-cam"] > 0
        assert set(row["forward_ms"]) == {"median", "low", "high"}
    assert rows[1]["times_faster_than"]["torchcam"] is None
    assert rows[0]["every_class_to_one"] > 0
    assert rows[2]["every_class_to_one"] is None


def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("--against", "captum") == 0
    head, first, second, note = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["network", "method", "runtime"]
    assert head.endswith("vs captum")
    assert first.split()[:3] == ["resnet18", "cam", "eager"]
    assert first.endswith(" x")
    assert second.split()[0] == "resnet50"
    assert "threads" in note
    # columns stand below their heads
    assert first[head.index("method") :].startswith("cam")


def test_what_cannot_serve_is_told_and_the_rest_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("--methods", "attention-rollout", "grad-cam", "--json") == 1
    out, err = capsys.readouterr()
    assert [json.loads(line)["method"] for line in out.splitlines()] == ["grad-cam"] * 2
    assert "resnet18, attention-rollout" in err


def test_an_unknown_peer_or_network_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--networks", "nonsense", "--device", "cpu"]) == 2
    assert "camviewer models" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        bench("--against", "nobody")
    assert stopped.value.code == 2
