"""What a drop or a paste means, without a window."""

import base64
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from camviewer.gui import intake
from camviewer.gui.intake import Intake


def mime(*, urls: tuple[str, ...] = (), text: str = "", html: str = "") -> QMimeData:
    made = QMimeData()
    if urls:
        made.setUrls([QUrl(u) for u in urls])
    if html:
        made.setHtml(html)
    if text:
        made.setText(text)
    return made


def test_files_and_folders_are_taken_as_they_are() -> None:
    came = intake.from_mime(mime(urls=("file:///a/b%20c.png", "file:///d")), "x")
    assert came == Intake(paths=(Path("/a/b c.png"), Path("/d")))


@pytest.mark.parametrize("suffix", [".pth", ".PT", ".pt2", ".safetensors"])
def test_one_weights_file_is_a_network(suffix: str) -> None:
    path = Path(f"/models/mine{suffix}")
    assert intake.from_paths([path]) == Intake(weights=path)
    picture = Path("/a.png")
    assert intake.from_paths([path, picture]) == Intake(paths=(picture,), weights=path)
    assert "one of them at a time" in intake.from_paths([path, picture, path]).refusal


@pytest.mark.parametrize(
    "given_mime",
    [
        mime(urls=("https://example.org/a.png",)),
        mime(text="HTTP://example.org/a.png"),
        mime(html='<a href="#"><IMG src="https://example.org/a.png"></a>'),
    ],
    ids=["address", "text", "html"],
)
def test_the_web_is_refused_kindly(given_mime: QMimeData) -> None:
    came = intake.from_mime(given_mime, "x")
    assert came.refusal.startswith("That is only the address of a picture")
    assert came == Intake(refusal=came.refusal)


@pytest.mark.parametrize("encoding", ["base64", "percent"])
def test_data_addresses_hold_the_picture(encoding: str) -> None:
    data = b"\x89PNG\x00%\xff"
    if encoding == "base64":
        url = "data:image/png;base64," + base64.b64encode(data).decode()
    else:
        url = "data:image/png," + "".join(f"%{b:02x}" for b in data)
    assert intake.from_text(url) == Intake(data=data)


def test_of_several_lines_the_existing_paths_count(tmp_path: Path) -> None:
    there = tmp_path / "a picture.png"
    there.write_bytes(b"")
    text = f"hello\n'{there}'\n{QUrl.fromLocalFile(str(there)).toString()}\nrelative.png\n~nobody/x"
    assert intake.from_text(text) == Intake(paths=(there, there))


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    came = intake.from_text(text)
    assert bool(came.paths) + bool(came.data) + bool(came.refusal) + (came.weights is not None) == 1


@pytest.mark.parametrize(
    "kind",
    [
        QImage.Format.Format_RGB888,
        QImage.Format.Format_ARGB32_Premultiplied,
        QImage.Format.Format_RGBX8888,
        QImage.Format.Format_RGBA64,
    ],
)
def test_pixels_keep_their_colours_whatever_the_format(qtbot: QtBot, kind: QImage.Format) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (5, 7, 3), np.uint8)  # 21 bytes a row: Qt pads it to 24
    padded = np.zeros((5, 24), np.uint8)
    padded[:, :21] = pixels.reshape(5, 21)
    image = QImage(padded.tobytes(), 7, 5, 24, QImage.Format.Format_RGB888).convertToFormat(kind)
    made = QMimeData()
    made.setImageData(image)
    came = intake.from_mime(made, "clipboard")
    assert came.frame is not None
    assert came.frame.source == "clipboard"
    assert np.array_equal(came.frame.pixels, pixels)


def test_half_transparent_pixels_lie_on_white(qtbot: QtBot) -> None:
    image = QImage(1, 1, QImage.Format.Format_RGBA8888)
    image.setPixel(0, 0, 0x80000000)
    made = QMimeData()
    made.setImageData(image)
    frame = intake.from_mime(made, "clipboard").frame
    assert frame is not None
    assert frame.pixels[0, 0].tolist() == [127, 127, 127]
