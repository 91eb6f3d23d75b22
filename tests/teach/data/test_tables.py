"""Tables that say what is on which picture."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camviewer.errors import CamviewerError
from camviewer.teach.data.dataset import Dataset
from camviewer.teach.data.reading import read
from camviewer.teach.data.tables import read_table
from tests.teach.data.drawn import save

FILES = ("a.jpg", "b.jpg", "c.jpg", "sub/d.png", "e.jpg", "f.jpg")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in FILES:
        save(tmp_path / name)
    return tmp_path


def table(root: Path, text: str | bytes, name: str = "labels.csv") -> Path:
    path = root / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def labels(dataset: Dataset, root: Path) -> dict[str, tuple[str, ...]]:
    return {e.path.relative_to(root).as_posix(): e.labels for e in dataset.examples}


ONE_EACH = {"a.jpg": ("cat",), "b.jpg": ("cat",), "c.jpg": ("dog",), "sub/d.png": ("dog",)}
SEVERAL = {
    "a.jpg": ("cat",),
    "b.jpg": ("cat", "dog"),
    "c.jpg": ("dog",),
    "sub/d.png": (),
    "e.jpg": (),
    "f.jpg": ("dog",),
}


@pytest.mark.parametrize(
    "text",
    [
        "file,label\na.jpg,cat\nb.jpg,cat\nc.jpg,dog\nsub/d.png,dog\n",
        "Label;Size;FileName\r\ncat;1,5;a.jpg\r\ncat;2;b.jpg\r\n\r\ndog;;c.jpg\r\ndog;3;sub/d.png",
        "path\tclass name\na.jpg\tcat\nb.jpg\tcat\nc.jpg\tdog\nsub\\d.png\tdog",
        'a.jpg, cat\n"b.jpg", "cat"\n./c.jpg,dog\nsub/../sub/d.png,dog',
        "image|tag\na.jpg|cat\nb.jpg|cat\nc.jpg|dog\nsub/d.png|dog",
        "file,cat,dog\na.jpg,1,0\nb.jpg,1.0,0.0\nc.jpg,no,YES\nsub/d.png,,true",
        "file,label\na.jpg,cat\na.jpg,cat\nb.jpg,cat\nc.jpg,dog\nsub/d.png,dog\n",
        json.dumps(
            [
                {"file": "a.jpg", "label": "cat"},
                {"file": "b.jpg", "labels": ["cat"]},
                {"path": "c.jpg", "class": "dog"},
                {"file": "sub/d.png", "labels": ["dog", "dog"]},
            ]
        ),
        '{"a.jpg": "cat", "b.jpg": ["cat"], "c.jpg": ["dog"], "sub/d.png": "dog"}',
    ],
)
def test_one_label_each(root: Path, text: str) -> None:
    dataset = read_table(table(root, text))
    assert labels(dataset, root) == ONE_EACH
    assert dataset.classes == ("cat", "dog")
    assert not dataset.multi_label
    assert dataset.nothing is None


@pytest.mark.parametrize(
    "text",
    [
        'file,labels\na.jpg,cat\nb.jpg,"cat;dog"\nc.jpg,dog\nsub/d.png,\ne.jpg,""\nf.jpg,dog',
        "file;labels\na.jpg;cat\nb.jpg;cat|dog\nc.jpg;dog\nsub/d.png;\ne.jpg;\nf.jpg;dog",
        "cat,file,dog\n1,a.jpg,0\n1,b.jpg,1\n0,c.jpg,1\n0,sub/d.png,0\n0,e.jpg,0\n0,f.jpg,1",
        "file,label\na.jpg,cat\nb.jpg,cat\nb.jpg,dog\nc.jpg,dog\nsub/d.png,\ne.jpg,\nf.jpg,dog",
        "file,label\na.jpg,cat\nb.jpg,cat;dog\nc.jpg,dog\nsub/d.png,none\ne.jpg,none\nf.jpg,dog",
        json.dumps(
            {
                "a.jpg": ["cat"],
                "b.jpg": ["cat", "dog"],
                "c.jpg": ["dog"],
                "sub/d.png": [],
                "e.jpg": ["background"],
                "f.jpg": "dog",
            }
        ),
    ],
)
def test_several_labels_or_none(root: Path, text: str) -> None:
    dataset = read_table(table(root, text))
    assert labels(dataset, root) == SEVERAL
    assert dataset.classes == ("cat", "dog")
    assert dataset.multi_label
    assert dataset.nothing is None


def test_class_columns_keep_their_order(root: Path) -> None:
    text = "file,zebra,ape\na.jpg,1,0\nb.jpg,1,0\nc.jpg,0,1\ne.jpg,0,1"
    assert read_table(table(root, text)).classes == ("zebra", "ape")


def test_one_class_and_pictures_without_it(root: Path) -> None:
    dataset = read_table(table(root, "file,crack\na.jpg,1\nb.jpg,1\nc.jpg,0\ne.jpg,0"))
    assert dataset.multi_label
    assert dataset.counts() == {"crack": 2}


def test_what_kind_of_table_it_is_can_be_said(root: Path) -> None:
    text = "file,label\na.jpg,cat\nb.jpg,cat\nc.jpg,good\ne.jpg,good"
    assert read_table(table(root, text)).nothing == "good"
    several = read_table(table(root, text), multi=True)
    assert several.multi_label
    assert several.classes == ("cat",)
    assert several.counts() == {"cat": 2}
    kept = read_table(table(root, text), multi=True, nothing="")
    assert kept.classes == ("cat", "good")
    with pytest.raises(CamviewerError, match=r"gives b.jpg 2 labels, but each picture must have"):
        read_table(table(root, text + "\nb.jpg,good"), multi=False)
    with pytest.raises(CamviewerError, match=r"b.jpg shows good, but also cat"):
        read_table(table(root, text + "\nb.jpg,good"))


def test_recordings_are_known(root: Path) -> None:
    text = "file,label,video\na.jpg,cat,v1\nb.jpg,cat,v1\nc.jpg,dog,v2\ne.jpg,dog,"
    dataset = read_table(table(root, text))
    assert [e.sequence for e in dataset.examples] == ["v1", "v1", "v2", ""]


def test_other_encodings(root: Path) -> None:
    text = "file,label\na.jpg,Käfer\nb.jpg,Käfer\nc.jpg,犬\ne.jpg,犬"
    for encoding in ("utf-8-sig", "utf-16"):
        dataset = read_table(table(root, text.encode(encoding)))
        assert dataset.classes == ("Käfer", "犬")
    with pytest.raises(CamviewerError, match="is not text in UTF-8"):
        read_table(table(root, text.replace("犬", "x").encode("latin-1")))


def test_pictures_lie_in_the_folder_named_or_beside_the_table(root: Path) -> None:
    (root / "tables").mkdir()
    text = f"file,label\na.jpg,cat\n{root / 'b.jpg'},cat\nown.jpg,dog\nc.jpg,dog"
    path = table(root / "tables", text)
    own = save(root / "tables" / "own.jpg")
    dataset = read_table(path, root)
    assert [e.path for e in dataset.examples] == [
        *(root / "a.jpg", root / "b.jpg", own, root / "c.jpg")
    ]


@pytest.mark.parametrize(
    "named", ["../x.jpg", "/etc/x.jpg", "..\\x.jpg", "sub/../../x.jpg", "//host/share/x.jpg"]
)
def test_what_lies_outside_is_refused(root: Path, named: str) -> None:
    save(root / "x.jpg")
    (root / "in").mkdir()
    with pytest.raises(CamviewerError, match=r"labels.csv, line 3: .*lies outside of"):
        read_table(table(root / "in", f"file,label\na.jpg,cat\n{named},cat"))


def test_missing_and_broken_pictures_are_listed(root: Path) -> None:
    (root / "torn.jpg").write_bytes(b"\xff\xd8\xff")
    text = "file,label\na.jpg,cat\nb.jpg,cat\nc.jpg,dog\ne.jpg,dog\ngone.jpg,dog\ntorn.jpg,cat"
    dataset = read_table(table(root, text))
    assert dataset.counts() == {"cat": 2, "dog": 2}
    assert [b.path.name for b in dataset.broken] == ["gone.jpg", "torn.jpg"]
    with pytest.raises(
        CamviewerError, match=r"None of the 2 pictures .* can be read. x.jpg: there"
    ):
        read_table(table(root, "file,label\nx.jpg,cat\ny.jpg,dog"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no pictures"),
        ("file,label\n", "names no pictures"),
        ("picturefile,label\na.jpg,cat", "line 1: there is no column named file"),
        ("file\na.jpg", "line 1: besides the file there must be"),
        ("file,cat,cat\na.jpg,1,0", "line 1: besides the file there must be"),
        ("file,label\na.jpg,cat\nb.jpg,cat,dog", "line 3: 3 columns instead of 2"),
        ("file,cat,dog\na.jpg,1,0\n\nb.jpg,2,0", "line 4: '2' stands in column cat"),
        ("file,label\n,cat", "line 2: no file is named"),
        ('file,label\n"a.jpg,cat', "a quotation mark may be missing"),
        ("file,label\na.jpg,cat\nb.jpg,dog", r"Too few pictures of cat \(1\), dog \(1\)"),
        ("file,label\na.jpg,cat\nb.jpg,cat", "at least two classes; here is only cat"),
        ("[1,\n2,", "is not valid JSON: .* in line 2"),
        ("[1]", "entry 1: it must be like"),
        ('[{"file": "a.jpg"}]', "entry 1: it must be like"),
        ('{"a.jpg": "cat", "b.jpg": {"x": 1}}', "entry 2: it must be like"),
        ('[{"file": 3, "label": "cat"}]', "entry 1: it must be like"),
        ("[" * 100_000, "cannot be read as JSON|is not valid JSON"),
    ],
)
def test_errors_name_the_place(root: Path, text: str, says: str) -> None:
    with pytest.raises(CamviewerError, match=says):
        read_table(table(root, text))


def test_a_word_is_no_table(root: Path) -> None:
    with pytest.raises(CamviewerError, match="must be a list or a mapping"):
        read_table(table(root, '"a.jpg"', "labels.json"))
    with pytest.raises(CamviewerError, match="cannot be read: No such file"):
        read_table(root / "absent.csv")


CELLS = st.sampled_from(["a.jpg", "b.jpg", "", "0", "1", "cat", "file", "label", '"', "\0", ".."])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=60)
    | st.lists(st.lists(CELLS, max_size=4).map(",".join), max_size=5).map(
        lambda rows: "\n".join(rows).encode()
    )
    | st.recursive(
        st.none() | st.booleans() | st.integers() | CELLS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CELLS, inner, max_size=3),
    ).map(lambda value: json.dumps(value).encode())
)
def test_whatever_it_holds_it_is_read_or_told(root: Path, content: bytes) -> None:
    try:
        dataset = read_table(table(root, content))
    except CamviewerError:  # anything else fails the test
        return
    assert all(count >= 2 for count in dataset.counts().values())
    assert all(e.path.is_relative_to(root) for e in dataset.examples)


def test_whatever_a_person_names_is_read(root: Path) -> None:
    path = table(root, "file,label\na.jpg,cat\nb.jpg,cat\nc.jpg,dog\ne.jpg,dog")
    assert read(path).counts() == {"cat": 2, "dog": 2}
    for name in ("x/1.png", "x/2.png", "y/1.png", "y/2.png"):
        save(root / "folders" / name)
    assert read(root / "folders", nothing="x").nothing == "x"
    with pytest.raises(CamviewerError, match="there is no such folder"):
        read(root / "absent")
