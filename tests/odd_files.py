"""Corrupt and odd picture files, made by hypothesis: whatever opens files must survive them all."""

import io
from functools import cache

import cv2
import numpy as np
from hypothesis import strategies as st
from PIL import Image

_SIDES = (9, 7)

# What the rest of the file is called when a mutation gives it another beginning.
_MAGIC = (
    b"",
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"BM",
    b"II*\0\x08\0\0\0",
    b"MM\0*\0\0\0\x08",
    b"RIFF\xff\xff\xff\xffWEBPVP8L",
    b"\0\0\0\x0cjP  \r\n\x87\n",
    b"\0\0\0\x1cftypavif",
    b"P5 60000 60000 65535\n",
    b"%PDF-1.7",
    b"<svg xmlns=",
    b"just some text",
)
_NAMES = (
    "picture.jpg",
    "picture.JPEG",
    "picture.png",
    "picture.webp",
    "picture.tif",
    "picture.bmp",
    "picture.gif",
    "picture",
    "picture.txt",
    "Bild mit Leerzeichen.png",
    "кошка.jpg",
    "金魚.png",
    "..png",
    "-o.png",
    "%s{0}$HOME.png",
    "a" * 120 + ".png",
)


@cache
def sound_files() -> dict[str, bytes]:
    """A small sound picture of every format and mode, by ``format mode``."""
    width, height = _SIDES
    levels = np.arange(width * height * 4, dtype=np.uint8).reshape(height, width, 4)
    rgba = Image.fromarray(levels)
    exif = Image.Exif()
    exif[0x0112] = 6
    files = {}
    for kind, modes, options in (
        ("JPEG", ("RGB", "L", "CMYK"), {"exif": exif}),
        ("JPEG", ("RGB",), {"progressive": True}),
        ("PNG", ("RGB", "RGBA", "L", "LA", "P", "1", "I;16"), {"exif": exif}),
        ("WEBP", ("RGB", "RGBA"), {"lossless": True}),
        ("WEBP", ("RGB",), {"quality": 50}),
        ("TIFF", ("RGB", "RGBA", "L", "CMYK", "LAB", "I;16", "F", "1"), {}),
        ("TIFF", ("RGB", "L"), {"compression": "tiff_lzw"}),
        ("TIFF", ("RGB", "L"), {"compression": "jpeg"}),
        ("TIFF", ("1",), {"compression": "group4"}),
        ("TIFF", ("RGB",), {"compression": "tiff_adobe_deflate"}),
        ("BMP", ("RGB", "L", "P", "1"), {}),
        ("GIF", ("P", "L"), {}),
        ("JPEG2000", ("RGB", "L"), {"irreversible": True}),
        ("PPM", ("RGB", "L", "1"), {}),
    ):
        for mode in modes:
            data = io.BytesIO()
            _as_mode(rgba, mode).save(data, kind, **options)
            note = " ".join(map(str, options.values())) if kind != "PNG" else ""
            files[f"{kind} {mode} {note}"] = data.getvalue()
    deep = levels[:, :, :3].astype(np.uint16) * 257
    for extension, values in (
        (".png", deep),
        (".tiff", deep),
        (".tiff", deep.astype(np.float32)),
        (".tiff", deep.astype(np.float64)),
    ):
        # Pillow writes none of these
        name = f"{extension[1:].upper()} {values.dtype} colour"
        files[name] = cv2.imencode(extension, values)[1].tobytes()
    return files


def _as_mode(rgba: Image.Image, mode: str) -> Image.Image:
    if mode == "LAB":
        return Image.frombytes("LAB", rgba.size, rgba.convert("RGB").tobytes())
    if mode == "I;16":
        return Image.fromarray(np.asarray(rgba.convert("L")).astype(np.uint16) * 16)
    if mode in ("F", "P", "1", "LA"):
        return rgba.convert("RGB").convert(mode) if mode != "LA" else rgba.convert("LA")
    return rgba.convert(mode)


def odd_files() -> st.SearchStrategy[tuple[str, bytes]]:
    """File name and content: mutated, truncated, mislabelled, swapped and random files.

    Also sound ones under odd names, so that either outcome, a picture or a clear error, occurs.
    """
    return st.tuples(st.sampled_from(_NAMES), _contents())


@st.composite
def _contents(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(["mutated", "truncated", "swapped", "random", "joined", "sound"]))
    if kind == "random":
        return draw(st.sampled_from(_MAGIC)) + draw(st.binary(max_size=200))
    data = bytearray(draw(st.sampled_from(sorted(sound_files().items())))[1])
    if kind == "mutated":
        for _ in range(draw(st.integers(1, 8))):
            # headers are short and matter most
            end = draw(st.sampled_from([16, 64, len(data)]))
            place = draw(st.integers(0, min(end, len(data)) - 1))
            data[place] = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
    elif kind == "truncated":
        del data[draw(st.integers(0, len(data) - 1)) :]
    elif kind == "swapped":
        magic = draw(st.sampled_from(_MAGIC))
        data[: len(magic)] = magic
    elif kind == "joined":
        other = draw(st.sampled_from(sorted(sound_files().items())))[1]
        place = draw(st.integers(0, len(data)))
        data = data[:place] + other[draw(st.integers(0, len(other))) :]
    return bytes(data)
