"""Networks that were taught in the window are found again by name."""

import datetime as dt
import os
from pathlib import Path

import pytest
from safetensors.torch import save_file

from camviewer.errors import ModelError
from camviewer.models import catalog, kept
from tests.teach.lessons import backbone

_DAY = dt.date(2026, 11, 28)


def _write(name: str, age: float = 0) -> Path:
    path = kept.home() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(400))
    os.utime(path, (1e9 - age, 1e9 - age))
    return path


def test_the_newest_comes_first_and_unfinished_ones_do_not() -> None:
    assert kept.networks() == ()
    old, new = _write("a.safetensors", age=60), _write("b.safetensors")
    _write(".c.safetensors.123")
    _write(".d.safetensors")
    _write("e.txt")
    assert kept.networks() == (new, old)
    assert kept.find("a") == old
    assert kept.find("e") is None


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("leaves", "leaves 2026-11-28"),
        ("../..\\x: y*", "x y 2026-11-28"),
        ("Blätter 葉", "Blätter 葉 2026-11-28"),
        ("...", "taught 2026-11-28"),
        ("a" * 300, "a" * 80 + " 2026-11-28"),
    ],
)
def test_files_are_called_like_the_lesson_and_the_day(name: str, stem: str) -> None:
    assert kept.new_file(name, _DAY) == kept.home() / f"{stem}.safetensors"


def test_nothing_is_overwritten() -> None:
    _write("leaves 2026-11-28.safetensors")
    _write("leaves 2026-11-28 (2).safetensors")
    assert kept.new_file("leaves", _DAY).name == "leaves 2026-11-28 (3).safetensors"


def test_they_stand_in_the_catalogue_after_the_starter() -> None:
    _write("leaves 2026-11-28.safetensors")
    starter, entry, *_ = catalog.available()
    assert starter.name == "starter"
    assert (entry.name, entry.source, entry.cached) == ("leaves 2026-11-28", "taught", True)
    assert (entry.parameters, entry.size_bytes) == (100, 400)
    assert catalog.search("leaves taught") == (entry,)
    assert entry not in catalog.entries()


def test_one_is_loaded_by_its_name(tmp_path: Path) -> None:
    file = kept.new_file("leaves", _DAY)
    file.parent.mkdir(parents=True)
    save_file(dict(backbone().network.state_dict()), file)
    # which it holds, and that is no network of torchvision's
    with pytest.raises(ModelError, match=r"leaves 2026-11-28\.safetensors"):
        catalog.load("leaves 2026-11-28")
    # the catalogue's own names are never taken
    (kept.home() / "starter.safetensors").write_bytes(b"")
    assert catalog.load("starter").weights_sha256 == backbone().weights_sha256
