"""What is remembered, and what damaged settings read as."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from camviewer.gui.settings import ExportChoices, LiveChoices, Scheme, Settings
from camviewer.media.camera import CameraMode
from camviewer.render import ColorMap, View
from camviewer.types import BoxRule, Rule


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "settings.ini")


def settings(file: str) -> Settings:
    return Settings(QSettings(file, QSettings.Format.IniFormat))


def test_everything_comes_back_after_a_restart(file: str, tmp_path: Path) -> None:
    first = settings(file)
    first.scheme = Scheme.DARK
    first.view = View(0.3, ColorMap.TURBO, show_heatmap=False, show_boxes=True, show_labels=False)
    first.rule = BoxRule(Rule.OTSU, 0.35, 0.05)
    first.export = ExportChoices(tmp_path, frozenset({"map"}), "jpg")
    first.folder = tmp_path
    choices = LiveChoices(
        "usb 1",
        CameraMode(1280, 720, 29.97),
        smooth=True,
        mirror=True,
        hold=4.5,
        smoothing=0.3,
        tracking=False,
    )
    first.live = choices
    first.add_recent(tmp_path / "a, b; c.png")
    first.remember_own_model(tmp_path / "w.pth", {"mean": "0.5, 0.5; 0.5"})
    first.mark_launched()
    first.sync()
    again = settings(file)
    assert again.scheme is Scheme.DARK
    assert again.view == first.view
    assert again.rule == first.rule
    assert again.export == first.export
    assert again.folder == tmp_path
    assert again.live == choices
    assert again.recent == (tmp_path / "a, b; c.png",)
    assert again.own_models == {str(tmp_path / "w.pth"): {"mean": "0.5, 0.5; 0.5"}}
    assert not again.first_launch


def test_recent_holds_the_newest_twelve_once(file: str) -> None:
    made = settings(file)
    for number in (*range(15), 14, 5):
        made.add_recent(Path(f"/pictures/{number}.png"))
    expected = [5, 14, 13, 12, 11, 10, 9, 8, 7, 6, 4, 3]
    assert made.recent == tuple(Path(f"/pictures/{n}.png").absolute() for n in expected)
    made.clear_recent()
    assert made.recent == ()


def test_damaged_values_read_as_the_defaults(file: str) -> None:
    store = QSettings(file, QSettings.Format.IniFormat)
    for key, value in {
        "scheme": "pink",
        "view/opacity": "much",
        "view/colormap": 7,
        "boxes/rule": ["a", "b"],
        "boxes/threshold": 12.5,
        "boxes/min_area": "nan",
        "recent": 3,
        "folder": "/no/such/folder",
        "export/parts": "overlay secrets",
        "export/format": "exe",
        "window/geometry": "text",
        "live/mode": "wide 720 30",
        "live/hold": -1,
        "live/smoothing": "inf",
    }.items():
        store.setValue(key, value)
    made = Settings(store)
    assert made.scheme is Scheme.SYSTEM
    assert made.view == View()
    assert made.rule == BoxRule()
    assert made.recent == ()
    assert made.folder == Path.home()
    assert made.export == ExportChoices(None, frozenset({"overlay"}), "png")
    assert made.geometry.isEmpty()
    assert made.live == LiveChoices()


def test_own_models_are_few_and_the_newest(file: str, tmp_path: Path) -> None:
    store = settings(file)
    for number in (*range(15), 3):
        store.remember_own_model(tmp_path / f"{number}.pth", {"labels": str(number)})
    names = [Path(path).stem for path in store.own_models]
    assert names == ["4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "3"]


@pytest.mark.parametrize("text", ["", "no json", "[1]", '{"a": 1}', '{"a": {"b": 1}}'])
def test_damaged_own_models_read_as_none(file: str, text: str) -> None:
    store = QSettings(file, QSettings.Format.IniFormat)
    store.setValue("own_models", text)
    assert not any(Settings(store).own_models.values())


@pytest.mark.parametrize(("threshold", "own"), [(0.2, False), (0.3, True)])
def test_a_threshold_from_before_networks_had_their_own_was_chosen_if_it_was_moved(
    file: str, threshold: float, own: bool
) -> None:
    made = settings(file)
    made.rule = BoxRule(threshold=threshold)
    assert made.own_threshold is own
    made.own_threshold = not own
    assert settings(file).own_threshold is not own
