"""What is meant by files and folders that are dropped where there is no class."""

from pathlib import Path

import pytest

from camviewer.errors import CamviewerError
from camviewer.teach.data.gathering import Gathered, gather, pictures_in
from camviewer.teach.data.lesson import Lesson
from camviewer.teach.data.reading import read
from tests.teach.data.drawn import save


def test_a_folder_of_folders_is_its_classes(tmp_path: Path) -> None:
    folder = tmp_path / "kitchen"
    cup, pen = save(folder / "cup" / "1.png"), save(folder / "pen" / "2.png")
    broken = folder / "pen" / "10.png"
    broken.write_bytes(b"")
    found = gather([folder])
    assert found == Gathered({"cup": [cup], "pen": [pen, broken]}, name="kitchen")


def test_a_folder_of_pictures_is_a_class(tmp_path: Path) -> None:
    files = [save(tmp_path / "cup" / f"{i}.png") for i in (2, 10)]
    assert gather([tmp_path / "cup"]) == Gathered({"cup": files}, name="cup")
    # and so are several, with what lies in folders below them, and files without one
    pen, loose = save(tmp_path / "pen" / "blue" / "a.png"), save(tmp_path / "loose.png")
    (tmp_path / "empty").mkdir()
    paths = [tmp_path / "cup", loose, tmp_path / "pen", tmp_path / "empty"]
    assert gather(paths) == Gathered({"cup": files, "pen": [pen]}, [loose])


def test_files_are_pictures_readable_or_not(tmp_path: Path) -> None:
    text, damaged, gone = (tmp_path / name for name in ("notes.txt", "b.jpg", "c.jpg"))
    text.write_text("no picture")
    damaged.write_text("no picture")
    picture, video = save(tmp_path / "a.png"), tmp_path / "film.mp4"
    video.write_bytes(b"")
    bare = save(tmp_path / "d.png").rename(tmp_path / "d")
    assert gather([picture]) == Gathered(pictures=[picture])
    files = [picture, video, text, damaged, gone, bare]
    assert gather(files) == Gathered(pictures=[picture, damaged, gone, bare])
    assert pictures_in(files) == [picture, damaged, gone, bare]
    for nothing in (gather, pictures_in):
        with pytest.raises(CamviewerError, match=r"no picture in notes\.txt"):
            nothing([text])
    for paths in ([video], [video, video]):
        with pytest.raises(CamviewerError, match="A video is not a picture"):
            gather(paths)
    with pytest.raises(CamviewerError, match="A video is not a picture"):
        pictures_in([video])


def test_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    packed = tmp_path / "set.zip"
    packed.write_bytes(b"PK")
    for take in (gather, pictures_in):
        with pytest.raises(CamviewerError, match=r"set\.zip is an archive\. Unpack it"):
            take([packed, save(tmp_path / "a.png")])
    with pytest.raises(CamviewerError, match=r"set\.zip is an archive\. Unpack it"):
        read(packed)


def test_a_lesson_and_a_table_are_known(tmp_path: Path) -> None:
    Lesson(tmp_path / "lesson").add_class("cup")
    assert gather([tmp_path / "lesson"]) == Gathered(lesson=tmp_path / "lesson")
    files = [save(tmp_path / f"{i}.png") for i in range(4)]
    table = tmp_path / "parts.csv"
    lines = [f"{f.name},{'good' if i % 2 else 'bad'}" for i, f in enumerate(files)]
    table.write_text("\n".join(["file,label", *lines]))
    found = gather([table])
    assert found.classes == {"bad": files[::2], "good": files[1::2]}
    assert (found.nothing, found.name) == ("good", "parts")


def test_a_table_of_several_labels_a_picture_is_known(tmp_path: Path) -> None:
    files = [save(tmp_path / f"{i}.png") for i in range(5)]
    table = tmp_path / "parts.csv"
    labels = ("rust", "rust;dent", "dent", "", "")
    lines = [f"{f.name},{of}" for f, of in zip(files, labels, strict=True)]
    table.write_text("\n".join(["file,label", *lines]))
    assert gather([table]) == Gathered(
        {"dent": files[1:3], "rust": files[:2], "nothing": files[3:]},
        nothing="nothing",
        several=True,
        name="parts",
        note="1 picture shows several classes: it stands on the card of each.",
    )
    # one column of 0 and 1 for each class, of which a picture has one or none
    lines = [f"{f.name},{int(i < 2)},{int(i == 2 or i == 4)}" for i, f in enumerate(files)]
    table.write_text("\n".join(["file,rust,ok", *lines]))
    found = gather([table])
    assert found.classes == {"rust": files[:2], "nothing": files[2:]}
    assert (found.several, found.nothing, found.note) == (False, "nothing", "")


def test_where_there_is_nothing_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for paths in ([tmp_path / "a"], [tmp_path / "a", tmp_path / "b"]):
        with pytest.raises(CamviewerError, match=r"There is no picture in a.* that camviewer can"):
            gather(paths)
    with pytest.raises(CamviewerError, match="There is no picture in a that"):
        pictures_in([tmp_path / "a"])
    for name in ("train", "test"):
        save(tmp_path / "parts" / name / "cup" / "a.png")
    with pytest.raises(CamviewerError, match="holds test and train, not classes"):
        gather([tmp_path / "parts"])
