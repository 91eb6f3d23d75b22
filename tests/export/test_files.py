"""File names from hostile sources, and files that are whole or not there."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camviewer.errors import ExportError
from camviewer.export.files import (
    Growing,
    Stems,
    free_stem,
    make_folder,
    safe_name,
    safe_stem,
    written_whole,
)


@pytest.mark.parametrize(
    ("source", "stem"),
    [
        ("/home/me/cat.jpg", "cat"),
        ("C:\\Users\\me\\cat.jpg", "cat"),
        ("cat", "cat"),
        ("archive.tar.gz", "archive.tar"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\secret.png", "secret"),
        ("..", "picture"),
        ("/", "picture"),
        ("", "picture"),
        (".hidden.png", "hidden"),
        ("...png", "picture"),
        ("con.png", "_con"),
        ("LPT1", "_LPT1"),
        ("nul.overlay.png", "_nul.overlay"),
        ("https://example.org/a/b.png?size=9&x=<y>", "b"),
        ("wh*t?.png", "wh_t_"),
        ("line\nend\x00.png", "line_end_"),
        ("trailing. .png", "trailing"),
        ("金魚.png", "金魚"),
        ("e\u0301.png", "é"),
        ("half\udcffchar.png", "half_char"),
        ("a" * 300 + ".png", "a" * 150),
        ("金" * 100 + ".png", "金" * 50),
    ],
)
def test_stems(source: str, stem: str) -> None:
    assert safe_stem(source) == stem


@given(text=st.text() | st.text(alphabet='./\\:*?"<>| conaux1\0\n'))
def test_any_name_is_made_safe(text: str) -> None:
    for name in (safe_name(text), safe_stem(text)):
        assert name
        assert not set(name) & set('<>:"/\\|?*\0\n')
        assert name.isprintable()
        assert name[0] not in ". "
        assert name[-1] not in ". "
        assert len(name.encode()) <= 155
        assert Path("folder", f"{name}.png").parent == Path("folder")
        assert safe_name(name) == name


def test_a_name_keeps_its_dots() -> None:
    assert safe_name("scan.2024.1") == "scan.2024.1"


def test_stems_of_one_run_never_meet() -> None:
    stems = Stems()
    sources = ["a/cat.jpg", "b/cat.png", "CAT.bmp", "cat-2.png", "dog.png", "cat.gif"]
    taken = [stems.take(source) for source in sources]
    assert taken == ["cat", "cat-2", "CAT-3", "cat-2-2", "dog", "cat-4"]
    assert len({t.casefold() for t in taken}) == len(taken)


def test_a_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "result.txt"
    path.write_text("old")
    with written_whole(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_a_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    with written_whole(tmp_path / "result"):
        pass
    assert (tmp_path / "result").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("error", [ValueError("encoder"), KeyboardInterrupt()])
def test_an_error_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: BaseException
) -> None:
    path = tmp_path / "result.txt"
    path.write_text("old")

    def fail_halfway() -> None:
        with written_whole(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(type(error)):
        fail_halfway()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "the disk is full. Free some space"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "you may not write there"),
        (errno.EIO, "Choose another folder"),
    ],
)
def test_what_to_do_when_the_disk_refuses(tmp_path: Path, number: int, message: str) -> None:
    path = tmp_path / "result.txt"
    with pytest.raises(ExportError, match=message) as caught, written_whole(path):
        raise OSError(number, os.strerror(number))
    assert "result.txt was not saved" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_and_folder_in_the_way(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="there is no folder"), written_whole(tmp_path / "a/b"):
        pass
    (tmp_path / "taken").mkdir()
    with pytest.raises(ExportError, match="taken was not saved"), written_whole(tmp_path / "taken"):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "taken"]


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="was not saved"), written_whole(tmp_path / ("x" * 300)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_folders_are_made(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="a file where a folder must be"):
        make_folder(tmp_path / "file")
    with pytest.raises(ExportError, match="a file where a folder must be"):
        make_folder(tmp_path / "file" / "below")


def test_what_grows_has_another_name_until_it_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "clip.overlay.mp4"
    path.write_text("old")
    growing = Growing(path)
    growing.file.write(b"new")
    growing.file.flush()
    (part,) = (p for p in tmp_path.iterdir() if p != path)
    assert (part.suffixes[-2:], part.read_text(), path.read_text()) == (
        [".part", ".mp4"],
        "new",
        "old",
    )
    growing.finish()
    assert [p.read_text() for p in tmp_path.iterdir()] == ["new"]


def test_what_grew_is_kept_where_it_is_if_its_name_cannot_be_had(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    growing = Growing(path)
    growing.file.write(b"work of an hour")
    path.mkdir()
    with pytest.raises(ExportError, match="folder of this name") as caught:
        growing.finish()
    (part,) = (p for p in tmp_path.iterdir() if p != path)
    assert str(part) in str(caught.value)
    assert part.read_bytes() == b"work of an hour"


def test_what_nobody_wants_is_removed(tmp_path: Path) -> None:
    Growing(tmp_path / "clip.mp4").discard()
    assert not list(tmp_path.iterdir())


def test_a_free_stem_meets_no_file_of_any_ending(tmp_path: Path) -> None:
    endings = (".overlay.mp4", ".jsonl")
    assert free_stem(tmp_path, "a.b", endings) == "a.b"
    (tmp_path / "a.b.jsonl").touch()
    (tmp_path / "a.b-2.overlay.mp4").touch()
    (tmp_path / "a.b-3.mp4").touch()
    assert free_stem(tmp_path, "a.b", endings) == "a.b-3"
