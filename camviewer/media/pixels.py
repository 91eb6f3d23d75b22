"""Whatever a picture file holds, as upright RGB with 8 bits per channel.

What is done, and why:

- **Alpha** and transparent palette entries are laid over white: drawings and cut-outs with a
  transparent ground are made for white pages.
- **More than 8 bits**, integer: divided by the full range of the shallowest usual depth (8, 10, 12,
  14 or 16 bits) that holds the brightest value. Microscopes, X-ray detectors and cameras write 10
  to 14 bits into 16-bit files, which a division by 65535 would show almost black; a stretch to the
  brightest value instead would make an empty exposure look like a full one. A file that uses the
  full range is divided by 65535.
- **Floating point**: values in [0, 1] are shares of white, values in [0, 255] are 8-bit values, all
  others (and negative integers, such as Hounsfield units) are stretched from the least to the
  greatest. NaN and infinity are black and white, and do not take part in the stretch.
- **Colour profiles** other than sRGB are converted to sRGB; a damaged profile is ignored.
- **EXIF orientation** is applied; damaged EXIF data is ignored.
"""

from __future__ import annotations

import io
import logging
import sys
from typing import IO, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile, ImageOps

from camviewer.types import Pixels

Numbers = NDArray[np.number]

_log = logging.getLogger(__name__)

_USUAL_DEPTHS = (8, 10, 12, 14, 16)
_DEEP_COLOR = ("RGB;16", "RGBA;16")  # Pillow drops the lower bytes of these
_EVERY_16_BIT_VALUE = np.arange(2**16, dtype=np.uint16)
_MIN_IS_WHITE = 0
_PHOTOMETRIC = 262  # the TIFF tag that says whether zero is black or white


def from_pillow(image: Image.Image, data: IO[bytes]) -> Pixels:
    """Decode an opened file.

    Args:
        image: the file as Pillow opened it, not yet loaded.
        data: its content, for what Pillow reads with too few bits.

    Returns:
        RGB uint8 ``(height, width, 3)``, C-contiguous.

    Raises:
        Exception: whatever the decoders raise on damaged files.
    """
    profile = image.info.get("icc_profile")
    rawmode = _rawmode(image)
    # first: Pillow notices damage only once, and reading EXIF data would be that once
    image.load()
    _turn_upright(image)
    if rawmode.startswith(_DEEP_COLOR):
        return np.array(_to_srgb(_deep_color(image, rawmode, data), profile))
    if image.mode.startswith(("I", "F")):
        levels = to_8_bit(np.asarray(image))
        if _min_is_white(image):
            levels = np.asarray(255 - levels, np.uint8)
        return np.ascontiguousarray(np.repeat(levels[:, :, None], 3, axis=2))
    return np.array(_to_srgb(_opaque(image), profile))


def from_opencv(data: bytes) -> Pixels | None:
    """Decode with OpenCV: 1, 3 or 4 channels of any depth; EXIF data and profile are ignored.

    Returns:
        RGB uint8 ``(height, width, 3)``; None if OpenCV cannot read it either.
    """
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        _log.info("not decoded by OpenCV", exc_info=True)
        return None
    if decoded is None:
        return None
    if decoded.ndim == 2:
        return np.ascontiguousarray(np.repeat(to_8_bit(decoded)[:, :, None], 3, axis=2))
    if decoded.shape[2] not in (3, 4):
        return None
    color = to_8_bit(decoded[:, :, 2::-1])
    if decoded.shape[2] == 3:
        return np.ascontiguousarray(color)
    alpha = to_8_bit(decoded[:, :, 3], full_range=True)
    bands = Image.fromarray(np.dstack([color, alpha]))
    return np.array(_over_white(bands))


def to_8_bit(values: Numbers, *, full_range: bool = False) -> Pixels:
    """Scale values of any depth to 8 bits, as this module's description says.

    Args:
        values: integers or floating point, any shape.
        full_range: integers are shares of their type's maximum (an alpha channel).

    Returns:
        uint8 of the same shape.
    """
    if values.dtype == np.uint8:
        return np.asarray(values, np.uint8)
    low, high = _black_and_white(values, full_range)
    if values.dtype == np.uint16 and values.size > _EVERY_16_BIT_VALUE.size:
        return np.asarray(_scaled(_EVERY_16_BIT_VALUE, low, high)[values], np.uint8)
    return _scaled(values, low, high)


def _scaled(values: Numbers, low: float, high: float) -> Pixels:
    if high <= low:
        return np.zeros(values.shape, np.uint8)
    wide = values.dtype.itemsize > 2 and values.dtype != np.float32
    levels: NDArray[Any] = values.astype(np.float64 if wide else np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        if low:
            levels -= low
        levels *= 255 / (high - low)
    np.nan_to_num(levels, copy=False, nan=0.0)
    scaled: Pixels = np.rint(np.clip(levels, 0, 255)).astype(np.uint8)
    return scaled


def _black_and_white(values: Numbers, full_range: bool) -> tuple[float, float]:
    """Which values are shown as black and as white."""
    if values.dtype.kind in "iu":
        if full_range:
            return 0.0, float(2 ** (8 * values.dtype.itemsize) - 1)
        low, high = float(values.min()), float(values.max())
        whites = [float(2**depth - 1) for depth in _USUAL_DEPTHS]
    else:
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        whites = [1.0, 255.0]
    if low >= 0:
        for white in whites:
            if high <= white:
                return 0.0, white
    return low, high


def _rawmode(image: Image.Image) -> str:
    """How Pillow will unpack the file's samples."""
    tiles = getattr(image, "tile", None)
    if not tiles:
        return ""
    arguments = tiles[0][3]
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def _deep_color(image: Image.Image, rawmode: str, data: IO[bytes]) -> Image.Image:
    """16-bit colour, of which Pillow keeps the upper bytes: read again, for the lower ones."""
    depth, order = rawmode[:-1], rawmode[-1]
    native = "L" if sys.byteorder == "little" else "B"
    swapped = {"L": "B", "B": "L", "N": "B" if native == "L" else "L"}[order]
    data.seek(0)
    with Image.open(data, formats=(image.format or "",)) as again:
        # the upper byte in the other byte order is the lower byte in this one
        again.tile = [_with_rawmode(tile, f"{depth}{swapped}") for tile in again.tile]
        again.load()
        _turn_upright(again)
        values = np.asarray(image).astype(np.uint16) << 8 | np.asarray(again)
    color = to_8_bit(values[:, :, :3])
    if values.shape[2] == 3:
        return Image.fromarray(color)
    alpha = to_8_bit(values[:, :, 3], full_range=True)
    return _over_white(Image.fromarray(np.dstack([color, alpha])))


def _with_rawmode(tile: ImageFile._Tile, rawmode: str) -> ImageFile._Tile:
    rest = tile.args[1:] if isinstance(tile.args, tuple) else None
    return tile._replace(args=rawmode if rest is None else (rawmode, *rest))


def _turn_upright(image: Image.Image) -> None:
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:  # Pillow raises a dozen kinds; the pixels are whole and shown as they lie
        _log.info("damaged EXIF data ignored", exc_info=True)


def _min_is_white(image: Image.Image) -> bool:
    """Whether a grey TIFF deeper than 8 bits is stored as a negative, which Pillow leaves to us."""
    tags = getattr(image, "tag_v2", {})
    return bool(tags.get(_PHOTOMETRIC, 1) == _MIN_IS_WHITE)


def _opaque(image: Image.Image) -> Image.Image:
    """The picture as L, CMYK, LAB or RGB: without palette and alpha."""
    if image.has_transparency_data:
        return _over_white(image.convert("RGBA"))
    return image if image.mode in ("L", "CMYK", "LAB", "RGB") else image.convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    ground = Image.new("RGB", image.size, (255, 255, 255))
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Any picture from ``_opaque`` as RGB in the sRGB colour space."""
    if image.mode == "LAB":
        converted = ImageCms.profileToProfile(
            image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
        return converted or image
    if profile:
        try:
            return _converted(image, profile)
        except (ImageCms.PyCMSError, OSError, ValueError):
            _log.info("colour profile ignored", exc_info=True)
    return image.convert("RGB")


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if "sRGB" in (source.profile.profile_description or ""):
        return image.convert("RGB")
    mode = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}.get(source.profile.xcolor_space.strip())
    if mode != image.mode:
        return image.convert("RGB")
    target = ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, source, target, outputMode="RGB") or image
