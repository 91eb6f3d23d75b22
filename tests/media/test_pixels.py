"""Pixel formats: what a file holds must be seen, with the right colours and the right way up."""

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from camviewer.media.images import from_bytes
from camviewer.media.pixels import to_8_bit
from camviewer.types import Pixels

# pytest shows warnings whatever the program's own filters say
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def decode(data: bytes) -> Pixels:
    return from_bytes(data, "picture").pixels


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def encoded(array: np.ndarray, extension: str) -> bytes:
    """A file by OpenCV, which writes depths that Pillow does not; colour is BGR."""
    return cv2.imencode(extension, array)[1].tobytes()


def rows(pixels: Pixels) -> list[list[tuple[int, ...]]]:
    return [[tuple(p) for p in row] for row in pixels.tolist()]


def test_colours_are_not_swapped() -> None:
    picture = Image.new("RGB", (2, 1), RED)
    picture.putpixel((1, 0), BLUE)
    for kind in ("PNG", "BMP", "TIFF"):
        pixels = decode(saved(picture, kind))
        assert rows(pixels) == [[RED, BLUE]]
        assert pixels.flags.c_contiguous
        assert pixels.flags.writeable  # torch warns about arrays that are not
    assert rows(decode(saved(picture, "WEBP", lossless=True))) == [[RED, BLUE]]
    assert rows(decode(saved(picture.quantize(), "GIF"))) == [[RED, BLUE]]


def test_jpeg_is_close() -> None:
    pixels = decode(saved(Image.new("RGB", (16, 16), (200, 100, 50)), "JPEG", quality=95))
    assert np.abs(pixels.astype(int) - (200, 100, 50)).max() <= 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation(kind: str, orientation: int) -> None:
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:16, :16] = RED
    upright[:16, 32:] = GREEN
    upright[16:, :16] = BLUE
    # by the EXIF standard: what lies where in the file, for each value of the tag
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"exif": exif}
    if kind == "JPEG":
        options |= {"quality": 100, "subsampling": 0}
    if kind == "WEBP":
        options |= {"lossless": True}
    pixels = decode(saved(Image.fromarray(np.ascontiguousarray(stored)), kind, **options))
    assert pixels.shape == upright.shape
    assert np.abs(pixels.astype(int) - upright).max() <= 6


def test_deep_colour_is_turned_upright_too() -> None:
    # red and black side by side, to be turned a quarter to the left: red comes to lie below
    samples = struct.pack("<6H", 65535, 0, 0, 0, 0, 0)
    entries = (
        *((256, 3, 1, 2), (257, 3, 1, 1), (258, 3, 3, 10), (259, 3, 1, 1), (262, 3, 1, 2)),
        *((273, 4, 1, 16), (274, 3, 1, 8), (277, 3, 1, 3), (278, 3, 1, 1), (279, 4, 1, 12)),
    )
    start = 16 + len(samples)
    tiff = struct.pack("<2sHI", b"II", 42, start) + b"\0\0" + struct.pack("<3H", 16, 16, 16)
    tiff += samples + struct.pack("<H", len(entries))
    tiff += b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    assert rows(decode(tiff)) == [[(0, 0, 0)], [RED]]

    png = encoded(np.array([[[0, 0, 65535], [0, 0, 0]]], np.uint16), ".png")
    exif = Image.Exif()
    exif[0x0112] = 8
    chunk = b"eXIf" + exif.tobytes()[6:]
    chunk = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    after_header = 33
    assert rows(decode(png[:after_header] + chunk + png[after_header:])) == [[(0, 0, 0)], [RED]]


def test_damaged_exif_is_ignored() -> None:
    picture = saved(Image.new("RGB", (2, 1), RED), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert rows(decode(picture)) == [[RED, RED]]


def test_transparency_lies_on_white() -> None:
    picture = Image.new("RGBA", (3, 1), (255, 0, 0, 255))
    picture.putpixel((1, 0), (255, 0, 0, 0))
    picture.putpixel((2, 0), (0, 0, 0, 102))  # 40 % black
    expected = [[RED, WHITE, (153, 153, 153)]]
    assert rows(decode(saved(picture, "PNG"))) == expected
    assert rows(decode(saved(picture, "WEBP", lossless=True))) == expected
    assert rows(decode(saved(picture, "TIFF"))) == expected


def test_grey_with_alpha_and_transparent_colours() -> None:
    grey = Image.new("LA", (2, 1), (10, 255))
    grey.putpixel((1, 0), (10, 0))
    assert rows(decode(saved(grey, "PNG"))) == [[(10, 10, 10), WHITE]]
    palette = Image.new("P", (2, 1), 0)
    palette.putpalette([*RED, *BLUE])
    palette.putpixel((1, 0), 1)
    assert rows(decode(saved(palette, "PNG"))) == [[RED, BLUE]]
    assert rows(decode(saved(palette, "PNG", transparency=1))) == [[RED, WHITE]]
    assert rows(decode(saved(palette, "GIF", transparency=0))) == [[WHITE, BLUE]]
    keyed = Image.new("RGB", (2, 1), RED)
    keyed.putpixel((1, 0), BLUE)
    assert rows(decode(saved(keyed, "PNG", transparency=BLUE))) == [[RED, WHITE]]


def test_one_bit() -> None:
    picture = Image.new("1", (2, 1), 1)
    picture.putpixel((1, 0), 0)
    for kind in ("PNG", "BMP", "TIFF"):
        assert rows(decode(saved(picture, kind))) == [[WHITE, (0, 0, 0)]]


def test_cmyk_also_in_adobes_inverted_way() -> None:
    inverted = saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=100)
    assert b"Adobe" in inverted
    assert np.abs(decode(inverted).astype(int) - RED).max() <= 4
    plain = saved(Image.new("CMYK", (1, 1), (255, 0, 0, 0)), "TIFF")
    assert rows(decode(plain)) == [[(0, 255, 255)]]


def test_lab() -> None:
    # L* 50, a* 0, b* 0 is the grey 119 of sRGB
    neutral = Image.frombytes("LAB", (1, 1), bytes((128, 0, 0)))
    assert np.abs(decode(saved(neutral, "TIFF")).astype(int) - 119).max() <= 2


@pytest.mark.parametrize("extension", [".png", ".tiff"])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0, 257, 32768, 65535), (0, 1, 128, 255)),  # 16 bits in use: divided by 257
        ((0, 1000, 2048, 4095), (0, 62, 128, 255)),  # a 12-bit detector
        ((0, 2048, 8192, 16383), (0, 32, 128, 255)),  # 14 bits
        ((0, 1, 512, 1023), (0, 0, 128, 255)),  # 10 bits
        ((0, 1, 128, 255), (0, 1, 128, 255)),  # 8-bit values in a 16-bit file
        ((0, 100, 200, 3000), (0, 6, 12, 187)),  # below its range's top: not stretched
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bits(
    extension: str, values: tuple[int, ...], expected: tuple[int, ...], channels: int
) -> None:
    array = np.repeat(np.array([values], np.uint16)[:, :, None], channels, axis=2)
    pixels = decode(encoded(array, extension))
    assert pixels[0].tolist() == [[v] * 3 for v in expected]


def test_large_16_bit_pictures_are_scaled_alike() -> None:
    # these go through a table
    values = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
    expected = np.rint(values / 257).astype(np.uint8)
    assert np.array_equal(to_8_bit(values), expected)
    assert np.array_equal(to_8_bit(np.vstack([values, values]))[256:], expected)
    twelve_bits = to_8_bit(np.vstack([values, values]) // 16)[:256]
    assert np.array_equal(twelve_bits, np.rint(values // 16 * (255 / 4095)).astype(np.uint8))


def test_16_bit_colours_and_alpha() -> None:
    # BGRA: a 12-bit red of half opacity, and an opaque blue
    deep = np.array([[[0, 0, 4095, 32768], [4095, 0, 0, 65535]]], np.uint16)
    assert rows(decode(encoded(deep, ".png"))) == [[(255, 127, 127), BLUE]]


def test_16_bit_min_is_white_is_a_negative() -> None:
    # an X-ray in the way of DICOM's MONOCHROME1
    picture = Image.fromarray(np.array([[0, 65535]], np.uint16))
    data = saved(picture, "TIFF", tiffinfo={262: 0})
    assert rows(decode(data)) == [[WHITE, (0, 0, 0)]]


def test_signed_and_floating_point() -> None:
    hounsfield = np.array([[-1000, 0, 1000]], np.int16)
    assert decode(encoded(hounsfield, ".tiff"))[0, :, 0].tolist() == [0, 128, 255]
    shares = np.array([[0, 0.5, 1]], np.float32)
    assert decode(encoded(shares, ".tiff"))[0, :, 0].tolist() == [0, 128, 255]
    eight_bit = np.array([[0, 100.4, 200]], np.float32)
    assert decode(encoded(eight_bit, ".tiff"))[0, :, 0].tolist() == [0, 100, 200]
    measured = np.array([[np.nan, -5, 0, 5, np.inf]], np.float32)
    assert decode(encoded(measured, ".tiff"))[0, :, 0].tolist() == [0, 0, 128, 255, 255]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_deep_colour_that_pillow_cannot_read(dtype: type[np.generic]) -> None:
    top = 1 if issubclass(dtype, np.floating) else 65535
    array = np.array([[[0, 0, top], [top, 0, 0]]], dtype)
    assert rows(decode(encoded(array, ".tiff"))) == [[RED, BLUE]]


def test_constant_and_empty_ranges() -> None:
    assert to_8_bit(np.full((2, 2), -7, np.int16)).tolist() == [[0, 0], [0, 0]]
    assert to_8_bit(np.full((1, 2), np.nan, np.float32)).tolist() == [[0, 0]]
    assert to_8_bit(np.array([[2**31 - 1, 0]], np.int32)).tolist() == [[255, 0]]
    assert to_8_bit(np.array([[65535, 0]], np.uint16), full_range=True).tolist() == [[255, 0]]


def test_colour_profiles_are_applied() -> None:
    # a profile whose red primary is green and whose green primary is red
    swapped = _profile(red="gXYZ", green="rXYZ")
    for kind in ("PNG", "TIFF", "JPEG"):
        data = saved(Image.new("RGB", (8, 8), RED), kind, icc_profile=swapped)
        assert np.abs(decode(data)[0, 0].astype(int) - GREEN).max() <= 4


def test_srgb_and_damaged_and_foreign_profiles_change_nothing() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"nonsense", srgb[:200], _profile(space=b"CMYK")):
        data = saved(Image.new("RGB", (1, 1), (200, 100, 50)), "PNG", icc_profile=profile)
        assert rows(decode(data)) == [[(200, 100, 50)]]


def test_a_profile_applies_to_16_bits_too() -> None:
    deep = encoded(np.array([[[0, 0, 65535]]], np.uint16), ".png")
    shallow = saved(Image.new("RGB", (1, 1)), "PNG", icc_profile=_profile("gXYZ", "rXYZ"))
    start = shallow.index(b"iCCP") - 4
    length = struct.unpack(">I", shallow[start : start + 4])[0] + 12
    with_profile = deep[:33] + shallow[start : start + length] + deep[33:]
    assert np.abs(decode(with_profile)[0, 0].astype(int) - GREEN).max() <= 4


def _profile(red: str = "rXYZ", green: str = "gXYZ", space: bytes = b"RGB ") -> bytes:
    """A small ICC profile of sRGB's primaries, of which two may change places."""
    primaries = {
        "rXYZ": (0.4361, 0.2225, 0.0139),
        "gXYZ": (0.3851, 0.7169, 0.0971),
        "bXYZ": (0.1431, 0.0606, 0.7139),
    }
    names = {"rXYZ": red, "gXYZ": green, "bXYZ": "bXYZ"}
    tags: dict[bytes, bytes] = {
        tag.encode(): b"XYZ \0\0\0\0" + b"".join(_fixed(v) for v in primaries[names[tag]])
        for tag in names
    }
    tags[b"wtpt"] = b"XYZ \0\0\0\0" + b"".join(_fixed(v) for v in (0.9642, 1.0, 0.8249))
    curve = b"curv\0\0\0\0\0\0\0\1" + struct.pack(">H", round(2.2 * 256)) + b"\0\0"
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    tags[b"desc"] = b"desc\0\0\0\0\0\0\0\5Test\0" + bytes(79)
    tags[b"cprt"] = b"text\0\0\0\0none\0\0\0\0"
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for tag, content in tags.items():
        table += tag + struct.pack(">II", offset + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s", 0, b"test", 0x02100000, b"mntr", space, b"XYZ ", bytes(12), b"acsp"
    )
    header = header.ljust(68, b"\0") + b"".join(_fixed(v) for v in (0.9642, 1.0, 0.8249))
    profile = header.ljust(128, b"\0") + table + body
    return struct.pack(">I", len(profile)) + profile[4:]


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))
