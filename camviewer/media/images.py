"""Picture files: found, opened, decoded by content, and refused with a message one can act on."""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TypeVar

from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from camviewer.errors import PictureError
from camviewer.media import pixels
from camviewer.media.quiet import hush
from camviewer.types import Frame, Pixels

EXTENSIONS = frozenset(
    f".{suffix}"
    for suffix in (
        *("jpg", "jpeg", "jpe", "jfif", "png", "apng", "webp", "tif", "tiff", "bmp", "dib", "gif"),
        *("avif", "jp2", "j2k", "ppm", "pgm", "pbm", "pnm"),
    )
)

PIXEL_LIMIT = 200_000_000
"""Larger pictures are refused before they are decoded: 600 MB as RGB."""

READS = "JPEG, PNG, WebP, TIFF, BMP and GIF"

# Only these decoders are ever tried; Pillow's others include some that start programs.
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "DIB", "GIF", "AVIF", "JPEG2000", "PPM")
_TIFF_MAGIC = (b"II*\0", b"MM\0*")
_MAGIC = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    *_TIFF_MAGIC,
    b"\0\0\0\x0cjP  ",
)
_KNOWN_STRANGERS = (
    (b"%PDF", 0, "a PDF document"),
    (b"ftypheic", 4, "a HEIC photo"),
    (b"ftypheix", 4, "a HEIC photo"),
    (b"ftypmif1", 4, "a HEIF photo"),
    (b"<svg", 0, "an SVG drawing"),
    (b"<?xml", 0, "an XML document"),
    (b"<!DOCTYPE html", 0, "a web page"),
    (b"<html", 0, "a web page"),
    (b"ftyp", 4, "a video"),
    (b"\x1aE\xdf\xa3", 0, "a video"),
    (b"PK\x03\x04", 0, "a ZIP archive or office document"),
    (b"8BPS", 0, "a Photoshop document"),
)

_Result = TypeVar("_Result")

# Second fence behind our own check, for sizes that only appear while decoding (GIF frames).
Image.MAX_IMAGE_PIXELS = PIXEL_LIMIT
hush()


def load(path: Path | str, *, least: int | None = None) -> Frame:
    """Read a picture file by its content, whatever its name says.

    Args:
        path: a regular file.
        least: pixels that each side shall at least have, if the file has them: a JPEG is then
            decoded at a half, quarter or eighth of its size, which is much faster.

    Returns:
        The upright picture in sRGB; ``source`` is the path as given.

    Raises:
        PictureError: if there is no such file, it cannot be read, is no picture, is damaged or
            incomplete, or has more than ``PIXEL_LIMIT`` pixels.
    """
    with _opened(path) as (file, name):
        return Frame(_guarded(partial(_decoded, least=least), file, name), str(path))


def check(path: Path | str) -> None:
    """Look at a file's beginning only: whether ``load`` has a chance.

    Raises:
        PictureError: as for ``load``, except for damage behind the header.
    """
    with _opened(path) as (file, name):
        _guarded(_examined, file, name)


def from_bytes(data: bytes, name: str) -> Frame:
    """Decode a picture that is already in memory (pasted, dropped from a browser).

    Args:
        data: the content of a picture file.
        name: what to call it, in messages and as the frame's ``source``.

    Raises:
        PictureError: as for ``load``.
    """
    return Frame(_guarded(_decoded, io.BytesIO(data), _shown(name)), name)


def is_picture(path: Path | str) -> bool:
    """Whether a file looks like a picture: by its extension or, if it has none, its first bytes."""
    path = Path(path)
    try:
        if not path.is_file():
            return False
        if path.suffix:
            return path.suffix.casefold() in EXTENSIONS
        with path.open("rb") as file:
            return _is_known(file.read(16))
    except (OSError, ValueError):
        return False


def find_pictures(
    paths: Iterable[Path | str], wanted: Callable[[Path], bool] = is_picture
) -> list[Path]:
    """The pictures among files and folders.

    Args:
        paths: files are taken as they are, also missing or odd ones: ``load`` says what is wrong
            with them. Folders are searched with all folders below.
        wanted: says what is taken from folders, where it is not only pictures.

    Returns:
        In the order given, and within folders in natural order (2 before 10), each only once.
        Hidden files and folders, links to folders, and folders one may not read are left out.
    """
    found: dict[Path, None] = {}
    for given in paths:
        path = Path(given)
        for picture in _files_below(path, wanted) if _is_folder(path) else (path,):
            found.setdefault(picture)
    return list(found)


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key in which numbers count as numbers and case does not matter."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p]


def _files_below(folder: Path, wanted: Callable[[Path], bool]) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted((f for f in folders if not f.startswith(".")), key=natural_key)
        for name in sorted(files, key=natural_key):
            path = Path(parent, name)
            if not name.startswith(".") and wanted(path):
                yield path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


@contextmanager
def _opened(path: Path | str) -> Iterator[tuple[IO[bytes], str]]:
    """The file, opened, and its name as it may be printed; what the system says is told."""
    name = _shown(Path(path).name or str(path))
    try:
        # opening a pipe would wait for its other end
        kind = Path(path).stat().st_mode
        if stat.S_ISDIR(kind):
            raise PictureError(f"{name} is a folder. Open the pictures in it.")
        if not stat.S_ISREG(kind):
            raise PictureError(f"{name} is a device or pipe. Save the picture to a file first.")
        with Path(path).open("rb") as file:
            yield file, name
    except FileNotFoundError as error:
        raise PictureError(
            f"{name}: there is no such file. Was it moved, renamed or its drive disconnected?"
        ) from error
    except PermissionError as error:
        raise PictureError(
            f"{name}: you may not read this file. Change its permissions or ask its owner."
        ) from error
    except (OSError, ValueError) as error:
        raise PictureError(f"{name} cannot be read: {_reason(error)}.") from error


def _guarded(
    read: Callable[[IO[bytes], bytes, str], _Result], file: IO[bytes], name: str
) -> _Result:
    head = file.read(64)
    file.seek(0)
    if not head:
        raise PictureError(f"{name} is empty (0 bytes). Fetch or save it again.")
    try:
        return read(file, head, name)
    except PictureError:
        raise
    except MemoryError as error:
        raise PictureError(
            f"{name} does not fit into memory. Close other programs or make a smaller copy."
        ) from error
    except Exception as error:  # decoders raise whatever they like on damaged files
        raise PictureError(
            f"{name} is damaged or incomplete ({_reason(error)}). Fetch or save it again."
        ) from error


def _decoded(file: IO[bytes], head: bytes, name: str, least: int | None = None) -> Pixels:
    image = _identified(file, head, name)
    if image is None:
        return _unusual_tiff(file, head, name)
    with image:
        if least is not None:
            image.draft(None, (least, least))
        return pixels.from_pillow(image, file)


def _examined(file: IO[bytes], head: bytes, name: str) -> None:
    image = _identified(file, head, name)
    if image is not None:
        image.close()


def _identified(file: IO[bytes], head: bytes, name: str) -> Image.Image | None:
    """The picture, opened but not decoded; None for a TIFF of a kind that Pillow does not know."""
    try:
        image = Image.open(file, formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise PictureError(
            f"{name} has more than {_megapixels(PIXEL_LIMIT)} megapixels, which is the most that "
            "camviewer opens. Make a smaller copy."
        ) from error
    except UnidentifiedImageError as error:
        if head.startswith(_TIFF_MAGIC):
            return None
        raise PictureError(_stranger(head, name)) from error
    _check_size(image.size, name)
    return image


def _unusual_tiff(file: IO[bytes], head: bytes, name: str) -> Pixels:
    """A TIFF of a kind that Pillow does not know, such as floating point colour, by OpenCV."""
    tags = TiffImagePlugin.ImageFileDirectory_v2(head[:8])
    file.seek(tags.next)
    tags.load(file)
    _check_size((int(tags[256]), int(tags[257])), name)
    bits = {int(b) for b in tags.get(258, (1,))}
    samples = int(tags.get(277, 1))
    if len(bits) != 1 or not bits <= {8, 16, 32, 64} or samples not in (1, 3, 4):
        raise PictureError(
            f"{name} is a TIFF with {samples} channels of {'/'.join(map(str, sorted(bits)))} bits, "
            "which camviewer cannot read. Save it with 1, 3 or 4 channels of 8 or 16 bits."
        )
    end = file.seek(0, io.SEEK_END)
    starts, lengths = tags.get(273) or tags.get(324), tags.get(279) or tags.get(325)
    if not starts or not lengths or any(s + n > end for s, n in zip(starts, lengths, strict=True)):
        raise PictureError(f"{name} is damaged or incomplete. Fetch or save it again.")
    file.seek(0)
    decoded = pixels.from_opencv(file.read())
    if decoded is None:
        raise PictureError(
            f"{name} is a TIFF of a kind that camviewer cannot read. Save it as PNG or plain TIFF."
        )
    return decoded


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if min(size) < 1:
        raise PictureError(f"{name} has no pixels ({width} x {height}). Fetch or save it again.")
    if width * height > PIXEL_LIMIT:
        raise PictureError(
            f"{name} has {width} x {height} pixels, {_megapixels(width * height)} megapixels; "
            f"camviewer opens up to {_megapixels(PIXEL_LIMIT)}. Make a smaller copy."
        )


def _is_known(head: bytes) -> bool:
    return head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def _stranger(head: bytes, name: str) -> str:
    if _is_known(head):
        return f"{name} is damaged or incomplete. Fetch or save it again."
    for magic, offset, kind in _KNOWN_STRANGERS:
        if head[offset:].startswith(magic):
            return f"{name} is {kind}. camviewer reads {READS}: convert it to one of these."
    return f"{name} is no picture that camviewer can read. It reads {READS}."


def _megapixels(count: int) -> str:
    return f"{count / 1e6:,.0f}"


def _shown(name: str) -> str:
    """A file name as it may be printed: names can hold line ends, escapes and half characters."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


def _reason(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return _shown(" ".join(text.split())[:120]) or type(error).__name__
