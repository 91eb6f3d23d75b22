"""Folders of pictures whose names are the classes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from camviewer.errors import CamviewerError
from camviewer.media import images
from camviewer.teach.data.dataset import (
    Broken,
    Dataset,
    Example,
    class_name,
    find_nothing,
    printable,
    readable,
)
from camviewer.teach.data.file_names import told_by_names
from camviewer.teach.data.masks import masks_among

# Folders of these names only wrap the class folders.
_WRAPPERS = frozenset(
    ("image", "images", "img", "imgs", "jpegimages", "pictures", "photos", "data", "dataset")
)
# Folders of these names are parts of a data set, such as test, train2017 or train_images.
_PART = re.compile(
    r"(train(ing)?|val(id|idation)?|test(ing)?|eval)([ _-]?(\d{4}|images?|imgs?|set))?", re.I
)

_IS_MASK = "It is a mask or annotation of another picture."
_HAS_NO_CLASS = "It lies beside the class folders, so its class is not known."
_NO_PICTURES = f"The folder holds no pictures that camviewer reads ({images.READS})."

_Folders = dict[Path, list[Path]]


def read_folder(path: Path, nothing: str | None = None) -> Dataset:
    """A data set of one subfolder per class; all pictures below a subfolder are of its class.

    Left out and listed in `Dataset.skipped`: pictures beside the class folders, folders without
    pictures, and masks: a lossless picture beside a JPEG of the same name (``a.png`` beside
    ``a.jpg``), ``a_mask.png`` beside ``a.png``, and pictures in a folder named ``masks``,
    ``ground_truth`` or so that are named as a picture elsewhere. Hidden files and folders are
    ignored. A single subfolder named ``images``, ``data`` or so, or as its parent, is entered.
    Where the only folder is called like that, or ``train``, the classes are those that the files'
    names tell, if they do, see `told_by_names`.

    Args:
        path: the folder.
        nothing: the class that means "none of these", see `find_nothing`.

    Raises:
        CamviewerError: if there are fewer than two classes, or fewer than two readable pictures of
            one; the message says what to do.
    """
    root, classes, loose, skipped = _found(path)
    told = _told_by_names(root, classes, loose)
    if told:
        named = [(name, p) for name, pictures in told.items() for p in pictures]
    else:
        _refuse_no_classes(root, classes, loose)
        skipped += [Broken(picture, _HAS_NO_CLASS) for picture in loose]
        # names that differ in code points alone are one class
        named = [(class_name(f.name), p) for f, pictures in classes.items() for p in pictures]
    dataset = _dataset(named, nothing, skipped)
    dataset.check()
    return dataset


def find_classes(path: Path) -> dict[str, list[Path]]:
    """The same classes and their pictures, readable or not, however few there are.

    A folder of pictures without subfolders is a class itself.

    Raises:
        CamviewerError: if it cannot be read as a folder, or its subfolders are parts of a data set
            such as ``train`` and ``test``.
    """
    root, classes, loose, _ = _found(path)
    _refuse_parts(root, classes)
    if not classes and loose:
        classes = {root: loose}
    named: dict[str, list[Path]] = {}
    for folder, pictures in classes.items():
        named.setdefault(class_name(folder.name), []).extend(pictures)
    return named


def find_told_classes(path: Path) -> dict[str, list[Path]]:
    """The classes that file names tell, where no folder is called like a class; empty if none.

    Raises:
        CamviewerError: if it cannot be read as a folder.
    """
    root, classes, loose, _ = _found(path)
    return _told_by_names(root, classes, loose)


def _found(path: Path) -> tuple[Path, _Folders, list[Path], list[Broken]]:
    """Where the classes are, their folders, the pictures beside them, and what is left out."""
    folders = _subfolders(path)
    found = {folder: images.find_pictures([folder]) for folder in folders}
    skipped = [Broken(folder, _NO_PICTURES) for folder in folders if not found[folder]]
    loose = images.find_pictures(_files(path))
    masks = masks_among([*loose, *(p for pictures in found.values() for p in pictures)], path)
    skipped += [Broken(mask, _IS_MASK) for mask in masks]
    classes = {folder: [p for p in found[folder] if p not in masks] for folder in folders}
    classes = {folder: pictures for folder, pictures in classes.items() if pictures}
    return *_entered(path, classes, [p for p in loose if p not in masks]), skipped


def _told_by_names(root: Path, classes: _Folders, loose: list[Path]) -> dict[str, list[Path]]:
    """The classes by the names of files, where no folder is called like a class."""
    if loose and not classes:
        classes = {root: loose}
    elif loose or len(classes) != 1:
        return {}
    ((folder, pictures),) = classes.items()
    says_nothing = folder.name.casefold() in _WRAPPERS or _PART.fullmatch(folder.name)
    return told_by_names(pictures) if says_nothing else {}


def _dataset(
    named: Iterable[tuple[str, Path]], nothing: str | None, skipped: Iterable[Broken]
) -> Dataset:
    examples = [Example(picture, (name,)) for name, picture in named]
    names = tuple(dict.fromkeys(name for example in examples for name in example.labels))
    sound, broken = readable(examples)
    return Dataset(
        sound,
        names,
        nothing=find_nothing(names, nothing),
        broken=broken,
        skipped=tuple(skipped),
    )


def _subfolders(path: Path) -> list[Path]:
    try:
        return sorted(
            (f for f in path.iterdir() if not f.name.startswith(".") and f.is_dir()),
            key=lambda folder: images.natural_key(folder.name),
        )
    except FileNotFoundError as error:
        raise CamviewerError(
            f"{printable(str(path))}: there is no such folder. Was it moved or renamed?"
        ) from error
    except OSError as error:
        raise CamviewerError(
            f"{printable(str(path))} cannot be read as a folder: {error.strerror or error}."
        ) from error


def _files(path: Path) -> list[Path]:
    found = (f for f in path.iterdir() if not f.name.startswith(".") and images.is_picture(f))
    return sorted(found, key=lambda file: images.natural_key(file.name))


def _entered(root: Path, classes: _Folders, loose: list[Path]) -> tuple[Path, _Folders, list[Path]]:
    """Enter folders that merely hold the class folders."""
    while len(classes) == 1 and not loose:
        (folder, pictures), *_ = classes.items()
        inner = _by_subfolder(folder, pictures)
        wraps = folder.name.casefold() in _WRAPPERS or folder.name == root.name
        if len(inner) < 2 or not wraps:
            break
        root, classes = folder, inner
        loose = [p for p in pictures if p.parent == folder]
    return root, classes, loose


def _by_subfolder(folder: Path, pictures: Iterable[Path]) -> _Folders:
    inner: _Folders = {}
    for picture in pictures:
        if picture.parent != folder:
            inner.setdefault(folder / picture.relative_to(folder).parts[0], []).append(picture)
    return inner


def _refuse_no_classes(root: Path, classes: _Folders, loose: list[Path]) -> None:
    shown = printable(str(root))
    if not classes:
        what = "pictures, but no folders with pictures" if loose else "no pictures"
        raise CamviewerError(
            f"{shown} holds {what}. Make one folder for each class in it, named like the class, "
            "and put its pictures there."
        )
    _refuse_parts(root, classes)
    if len(classes) == 1:
        (folder, pictures), *_ = classes.items()
        inner = _by_subfolder(folder, pictures)
        hint = f" Or are the classes in {printable(str(folder))}?" if len(inner) > 1 else ""
        raise CamviewerError(
            f"{shown} holds pictures of one class only: {printable(folder.name)}. Add a folder "
            f'with pictures of something else, or one named "nothing" with others.{hint}'
        )


def _refuse_parts(root: Path, classes: _Folders) -> None:
    parts = [folder for folder in classes if _PART.fullmatch(folder.name)]
    if parts and len(parts) == len(classes):
        raise CamviewerError(
            f"{printable(str(root))} holds {' and '.join(f.name for f in parts)}, not classes. "
            f"Open one of them: {printable(str(parts[0]))}."
        )
