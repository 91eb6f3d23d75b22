"""What a drop, a paste or an open means: pictures, bytes of one, weights, or nothing usable."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

import numpy as np
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QColor, QImage, QPainter

from camviewer.types import Frame

WEIGHTS_SUFFIXES = frozenset({".pth", ".pt", ".pt2", ".safetensors"})
_LONGEST_TEXT = 100_000
_WEB = (
    "That is only the address of a picture, and camviewer fetches nothing from the internet. "
    "Copy the image itself in the browser and paste it here, or save it and drop the file."
)
_SEVERAL = "Those are the weights of several networks. Open one of them at a time."
_NOTHING = "There is no picture in that. Drop or paste picture files, folders or an image."


@dataclass(frozen=True)
class Intake:
    """What came in. One of the fields says something, or weights and paths do.

    Attributes:
        paths: files and folders that may hold pictures; existence is not checked.
        frame: a picture that came as pixels.
        data: an encoded picture (the bytes of a PNG, say).
        weights: a file of network weights.
        refusal: for people: why nothing of it can be used.
    """

    paths: tuple[Path, ...] = ()
    frame: Frame | None = None
    data: bytes = b""
    weights: Path | None = None
    refusal: str = ""


def from_paths(paths: Iterable[Path]) -> Intake:
    """Files and folders as they are, and a weights file, which is to be loaded as a network."""
    given = tuple(paths)
    weights = [path for path in given if path.suffix.lower() in WEIGHTS_SUFFIXES]
    if not given or len(weights) > 1:
        return Intake(refusal=_SEVERAL if given else _NOTHING)
    others = tuple(path for path in given if path not in weights)
    return Intake(paths=others, weights=weights[0] if weights else None)


def from_mime(mime: QMimeData, source: str) -> Intake:
    """What a drop or the clipboard holds; pixels count for more than an address.

    Args:
        mime: what was dropped or copied.
        source: what a picture without a name is called, such as ``clipboard``.
    """
    urls = mime.urls() if mime.hasUrls() else []
    local = [Path(u.toLocalFile()) for u in urls if u.isLocalFile() and u.toLocalFile()]
    if local:
        return from_paths(local)
    if mime.hasImage():
        frame = _frame(mime.imageData(), source)
        if frame is not None:
            return Intake(frame=frame)
    texts = [u.toString(QUrl.ComponentFormattingOption.FullyEncoded) for u in urls]
    if mime.hasHtml():
        texts += re.findall(r"<img[^>]+src=[\"'](data:image/[^\"']+)", mime.html(), re.IGNORECASE)
    for text in texts:
        data = _data_url(text)
        if data:
            return Intake(data=data)
    remote = any(u.scheme() in {"http", "https", "ftp", "blob"} for u in urls)
    if remote or (mime.hasHtml() and re.search(r"<img\b", mime.html(), re.IGNORECASE)):
        return Intake(refusal=_WEB)
    return from_text(mime.text()) if mime.hasText() else Intake(refusal=_NOTHING)


def from_text(text: str) -> Intake:
    """Paths, one in each line (quotes and ``file://`` allowed), or a ``data:`` address."""
    text = text.strip()
    if text.startswith("data:"):
        data = _data_url(text)
        return Intake(data=data) if data else Intake(refusal=_NOTHING)
    if re.match(r"(https?|ftp)://", text, re.IGNORECASE):
        return Intake(refusal=_WEB)
    if not text or len(text) > _LONGEST_TEXT:
        return Intake(refusal=_NOTHING)
    paths = [p for p in map(_existing, text.splitlines()) if p is not None]
    return from_paths(paths)


def _existing(line: str) -> Path | None:
    line = line.strip().strip("\"'")
    if line.startswith("file:"):
        line = QUrl(line).toLocalFile()
    if not line or "\0" in line:
        return None
    try:
        path = Path(line).expanduser()
        return path if path.is_absolute() and path.exists() else None
    except (OSError, RuntimeError, ValueError):
        return None  # not a path at all: too long, an unknown ~user


def _data_url(text: str) -> bytes:
    head, comma, body = text.partition(",")
    if not comma or not head.lower().startswith("data:image/"):
        return b""
    raw = unquote_to_bytes(body)
    if not head.lower().endswith(";base64"):
        return raw
    try:
        return base64.b64decode(raw, validate=False)
    except (binascii.Error, ValueError):
        return b""


def _frame(image: object, source: str) -> Frame | None:
    """An upright RGB frame of a QImage; what is transparent becomes white, as in picture files."""
    if not isinstance(image, QImage) or image.isNull():
        return None
    if image.hasAlphaChannel():
        ground = QImage(image.size(), QImage.Format.Format_RGB888)
        ground.fill(QColor("white"))
        painter = QPainter(ground)
        painter.drawImage(0, 0, image)
        painter.end()
        image = ground
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()
    return Frame(pixels, source)
