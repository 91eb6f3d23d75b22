"""Opening and finding picture files, and what is said when that fails."""

import io
import os
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, features

from camviewer.errors import PictureError
from camviewer.media.images import (
    PIXEL_LIMIT,
    check,
    find_pictures,
    from_bytes,
    is_picture,
    load,
    natural_key,
)
from tests.odd_files import sound_files

# pytest shows warnings whatever the program's own filters say
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")

PNG = sound_files()["PNG RGB "]


@pytest.mark.parametrize(
    "name",
    [
        "picture.png",
        "PICTURE.PNG",
        "picture",
        "picture.jpg",  # wrong, but the content decides
        "picture.txt",
        "Straße mit Leerzeichen.png",
        "кошка.png",
        "金魚.png",
        "a'b%s{0}.png",
    ],
)
def test_content_decides_not_the_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(PNG)
    frame = load(path)
    assert frame.size == (9, 7)
    assert frame.source == str(path)
    assert load(str(path)).source == str(path)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"])
def test_the_smallest_and_thinnest(kind: str, size: tuple[int, int]) -> None:
    data = io.BytesIO()
    Image.new("RGB", size, (255, 255, 255)).save(data, kind)
    frame = from_bytes(data.getvalue(), "thin")
    assert frame.size == size[::-1]
    assert frame.pixels.min() >= 250


def test_the_first_picture_of_several() -> None:
    red, blue = Image.new("RGB", (8, 8), (255, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 255))
    for kind in ("GIF", "TIFF", "PNG", "WEBP", "MPO"):
        data = io.BytesIO()
        options = {"lossless": True} if kind == "WEBP" else {}
        red.save(data, kind, save_all=True, append_images=[blue], **options)
        pixel = from_bytes(data.getvalue(), "several").pixels[4, 4].astype(int)
        assert np.abs(pixel - (255, 0, 0)).max() <= 4


@pytest.mark.parametrize("kind", ["avif", "jpg_2000"])
def test_newer_formats_where_pillow_has_them(kind: str) -> None:
    if not features.check(kind):
        pytest.skip(f"this Pillow is built without {kind}")
    data = io.BytesIO()
    Image.new("RGB", (16, 8), (200, 100, 50)).save(data, "AVIF" if kind == "avif" else "JPEG2000")
    frame = from_bytes(data.getvalue(), "new")
    assert frame.size == (8, 16)
    assert np.abs(frame.pixels.astype(int) - (200, 100, 50)).max() <= 8


def test_bytes_keep_their_name() -> None:
    assert from_bytes(PNG, "pasted\n").source == "pasted\n"


def refusal(path: Path | str) -> str:
    with pytest.raises(PictureError) as caught:
        load(path)
    return str(caught.value)


def test_missing(tmp_path: Path) -> None:
    assert "gone.png: there is no such file" in refusal(tmp_path / "gone.png")
    assert "there is no such file" in refusal(tmp_path / "no folder" / "gone.png")


def test_odd_paths(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)
    assert "cannot be read" in refusal("null\0byte.png")
    assert "long" in refusal(tmp_path / ("long" * 100))
    path = tmp_path / "file"
    path.write_bytes(PNG)
    assert "picture.png" in refusal(path / "picture.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "pipe.png is a device or pipe" in refusal(tmp_path / "pipe.png")


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(PNG)

    def denied(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)  # root may read anything
    assert "secret.png: you may not read this file" in refusal(path)


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    assert "empty.jpg is empty" in refusal(tmp_path / "empty.jpg")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"Dear Sir or Madam", "no picture"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"\0\0\0\x18ftypheic....", "a HEIC photo"),
        (b"\0\0\0\x18ftypmp42....", "a video"),
        (b"<svg xmlns='...'/>", "an SVG drawing"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"PK\3\4....", "a ZIP archive"),
        (bytes(100), "no picture"),
    ],
)
def test_mislabelled(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "notes.jpg"
    path.write_bytes(content)
    message = refusal(path)
    assert message.startswith("notes.jpg is ")
    assert kind in message
    assert "JPEG, PNG, WebP, TIFF, BMP and GIF" in message


def test_truncated_and_damaged() -> None:
    with pytest.raises(PictureError, match=r"half is damaged or incomplete .*save it again"):
        from_bytes(PNG[:60], "half")
    with pytest.raises(PictureError, match="head is damaged or incomplete"):
        from_bytes(PNG[:20], "head")
    broken = bytearray(PNG)
    broken[45] ^= 0xFF
    with pytest.raises(PictureError, match="broken is damaged"):
        from_bytes(bytes(broken), "broken")


def test_too_many_pixels_are_refused_before_decoding() -> None:
    # a PNG's header alone: 60000 x 50000; decoding would ask for 9 GB
    for side, megapixels in ((50_000, "3,000"), (4_000, "240"), (6_000, "360")):
        header = struct.pack(">4s2I5B", b"IHDR", 60_000, side, 8, 2, 0, 0, 0)
        with pytest.raises(PictureError) as caught:
            from_bytes(PNG[:8] + _chunk(header) + PNG[33:], "huge.png")
        assert "huge.png has" in str(caught.value)
        assert megapixels in str(caught.value) or "more than 200 megapixels" in str(caught.value)
        assert "smaller copy" in str(caught.value)


def _chunk(content: bytes) -> bytes:
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))


def test_a_huge_unusual_tiff_is_refused_before_decoding() -> None:
    # 64-bit floating point colour, which Pillow does not know
    entries = ((256, 4, 1, 60_000), (257, 4, 1, 50_000), (258, 3, 1, 64), (277, 3, 1, 3))
    tiff = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    tiff += b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    with pytest.raises(PictureError, match=r"60000 x 50000 pixels, 3,000 megapixels"):
        from_bytes(tiff, "huge.tif")


def test_an_unusual_tiff_says_what_is_unusual() -> None:
    entries = ((256, 4, 1, 2), (257, 4, 1, 2), (258, 3, 1, 24), (277, 3, 1, 7))
    tiff = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    tiff += b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    with pytest.raises(PictureError, match=r"a TIFF with 7 channels of 24 bits"):
        from_bytes(tiff, "odd.tif")


def test_the_limit_holds_the_usual_large_cameras() -> None:
    assert PIXEL_LIMIT >= 150_000_000


def test_messages_hold_no_control_characters(tmp_path: Path) -> None:
    with pytest.raises(PictureError) as caught:
        from_bytes(b"", "bad\x1b[31m\nname\udcff.png")
    assert str(caught.value).isprintable()
    if sys.platform == "linux":
        path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.png")
        Path(path).write_bytes(PNG)
        assert load(path).size == (9, 7)


def test_what_is_a_picture(tmp_path: Path) -> None:
    for name, content in (
        ("a.png", PNG),
        ("B.JPEG", b"not really"),
        ("no extension", PNG),
        ("notes.txt", PNG),
        ("text", b"Dear Sir"),
        ("empty", b""),
    ):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.png").mkdir()
    found = {p.name for p in tmp_path.iterdir() if is_picture(p)}
    # by extension, or by content without one: a broken JPEG is listed, so that it is told about
    assert found == {"a.png", "B.JPEG", "no extension"}
    assert not is_picture(tmp_path / "gone.png")
    assert not is_picture("null\0byte.png")


def test_folders_are_searched_in_natural_order(tmp_path: Path) -> None:
    for name in (
        "img10.png",
        "img2.png",
        "IMG1.png",
        "notes.txt",
        ".hidden.png",
        "sub2/b.png",
        "sub10/a.png",
        ".git/c.png",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(PNG)
    names = [str(p.relative_to(tmp_path)) for p in find_pictures([tmp_path])]
    expected = ["IMG1.png", "img2.png", "img10.png", "sub2/b.png", "sub10/a.png"]
    assert names == [str(Path(n)) for n in expected]


def test_given_files_stay_in_order_and_are_never_dropped(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(PNG)
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "notes.txt").write_bytes(b"")
    given_paths = [tmp_path / n for n in ("b.png", "gone.png", "notes.txt", "b.png")]
    assert find_pictures([*given_paths, tmp_path]) == [*given_paths[:3], tmp_path / "a.png"]
    assert find_pictures(["null\0byte"]) == [Path("null\0byte")]
    assert find_pictures([]) == []


def test_links_to_folders_are_not_followed_into_loops(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.png").write_bytes(PNG)
    try:
        (folder / "loop").symlink_to(tmp_path, target_is_directory=True)
        (folder / "link.png").symlink_to(folder / "a.png")
        (folder / "dangling.png").symlink_to(folder / "gone.png")
        (tmp_path / "door").symlink_to(folder, target_is_directory=True)
    except OSError:
        pytest.skip("links are not allowed here")
    assert [p.name for p in find_pictures([folder])] == ["a.png", "link.png"]
    # a link that the user names is followed
    assert [p.name for p in find_pictures([tmp_path / "door"])] == ["a.png", "link.png"]


@given(number=st.integers(0, 10**30), text=st.text())
def test_numbers_sort_as_numbers(number: int, text: str) -> None:
    assert natural_key(f"{text}x{number}") < natural_key(f"{text}x{number + 1}")
    assert natural_key(text) == natural_key(text.casefold())


@pytest.mark.data
def test_real_photographs(shared_data: Path) -> None:
    pictures = find_pictures([shared_data / "photos"])
    assert pictures
    for path in pictures:
        with Image.open(path) as image:
            assert load(path).size in (image.size, image.size[::-1])


def test_a_small_copy_of_a_jpeg_has_at_least_the_pixels_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    gradient = np.repeat(np.linspace(0, 255, 800, dtype=np.uint8)[None, :, None], 400, axis=0)
    Image.fromarray(np.repeat(gradient, 3, axis=2)).save(path, quality=95)
    frame = load(path, least=64)
    assert frame.size == (100, 200)  # a quarter; an eighth would be 50 high
    assert np.abs(frame.pixels[50, :, 0] - np.linspace(0, 255, 200)).max() < 6
    assert load(path, least=401).size == (400, 800)
    path.with_suffix(".png").write_bytes(PNG)
    assert load(path.with_suffix(".png"), least=1).size == (9, 7)


@pytest.mark.parametrize("name", sorted(sound_files()))
def test_the_check_passes_what_can_be_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "picture"
    path.write_bytes(sound_files()[name])
    check(path)
    assert load(path).size == (9, 7) or load(path).size == (7, 9)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty"), (b"%PDF-1.7", "a PDF document"), (b"P5 60000 60000 255\n", "megapixels")],
)
def test_the_check_refuses_by_the_header(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=says):
        check(path)
    with pytest.raises(PictureError, match="no such file"):
        check(tmp_path / "absent.jpg")


def test_the_check_reads_no_pixels(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 70, 3), np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:9000])
    check(path)
    with pytest.raises(PictureError, match="damaged or incomplete"):
        load(path)
