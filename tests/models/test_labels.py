"""Labels are read from the files that people keep them in."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camviewer.errors import ModelError
from camviewer.models import labels

CASES = {
    "plain.txt": "cat\ndog\nred fox\n",
    "crlf.txt": "cat\r\ndog\r\nred fox\r\n\r\n",
    "numbered.txt": "0: cat\n1: dog\n2: red fox",
    "shuffled.txt": "2 red fox\n0 cat\n1 dog\n",
    "synsets.txt": "n02123045 cat\nn02084071 dog\nn02119022 red fox\n",
    "wnids.txt": "n02123045\tcat\nn02084071\tdog\nn02119022\tred fox\n",
    "wnids.tsv": "n02123045\tcat\nn02084071\tdog\nn02119022\tred fox\n",
    "index.tsv": "0\tcat\n1\tdog\n2\tred fox\n",
    "bare.csv": "0,cat\n1,dog\n2,red fox\n",
    "header.csv": "index,label\n2,red fox\n1,dog\n0,cat\n",
    "turned.csv": "name,id\ncat,0\ndog,1\nred fox,2\n",
    "wide.csv": "id,wnid,label\n0,n1,cat\n1,n2,dog\n2,n3,red fox\n",
    "excel.csv": '"index";"label"\n0;"cat"\n1;"dog"\n2;"red fox"\n',
    "column.csv": "label\ncat\ndog\nred fox\n",
    "quoted.csv": '0,"cat"\n1,"dog"\n2,"red fox"',
    "printed.txt": "{0: 'cat',\n 1: 'dog',\n 2: 'red fox'}\n",
    "ids.json": '[{"id":2,"name":"red fox"}, {"id":0,"name":"cat"}, {"id":1,"name":"dog"}]',
    "coco.json": '[{"id":9,"name":"red fox"}, {"id":1,"name":"cat"}, {"id":4,"name":"dog"}]',
    "list.json": '["cat", "dog", "red fox"]',
    "by_index.json": '{"2": "red fox", "0": "cat", "1": "dog"}',
    "by_name.json": '{"cat": 0, "dog": 1, "red fox": 2}',
    "keras.json": '{"0": ["n1", "cat"], "1": ["n2", "dog"], "2": ["n3", "red fox"]}',
    "hugging.json": '{"architectures": ["X"], "id2label": {"0":"cat","1":"dog","2":"red fox"}}',
    "wrapped.json": '{"classes": ["cat", "dog", "red fox"]}',
    "objects.json": '[{"name": "cat"}, {"name": "dog"}, {"name": "red fox"}]',
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_read(tmp_path: Path, name: str, encoding: str) -> None:
    path = tmp_path / name
    path.write_text(CASES[name], encoding=encoding, newline="")
    assert labels.read(path, 3) == ("cat", "dog", "red fox")


def test_names_keep_their_letters_and_lose_stray_spaces(tmp_path: Path) -> None:
    path = tmp_path / "namen.txt"
    path.write_text("  Löwe \nred\tfox  x\n日本\n", encoding="utf-8")
    assert labels.read(path, 3) == ("Löwe", "red fox x", "日本")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("two.txt", b"cat\ndog\n", "two.txt holds 2 labels, but the network has 3 classes"),
        ("empty.txt", b"", "holds no list of labels: it is empty"),
        ("gap.txt", b"cat\n\ndog\n", "the label of class 1 is empty"),
        ("latin.txt", "Löwe\n".encode("latin-1"), "not text in UTF-8"),
        ("odd16.txt", b"\xff\xfea", "not text in UTF-8"),
        ("broken.json", b'["cat",\n', "not valid JSON: Expecting value in line 2"),
        ("number.json", b"3", "must be a list or a mapping"),
        ("nested.json", b'[["a", []]]', "is no label"),
        ("deep.json", b"[" * 100_000, "holds no list of labels"),
        ("names.json", b'{"cat": "x", "dog": "y"}', "from index to label or from label to index"),
        ("twice.json", b'{"cat": 0, "dog": 0}', "class 0 is there twice: cat and dog"),
        ("hole.csv", b"0,cat\n2,dog\n3,fox\n", "class 1 is missing"),
        ("wide.csv", b"a,b,c\nd,e,f\n", "none is an index"),
        ("true.json", b'{"cat": true}', "must lead from index to label"),
    ],
)
def test_what_cannot_be_understood_is_named(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ModelError, match=message):
        labels.read(path, 3)


def test_a_missing_file_and_a_huge_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"none\.txt cannot be read: No such file"):
        labels.read(tmp_path / "none.txt", 3)
    monkeypatch.setattr(labels, "_LARGEST", 10)
    (tmp_path / "huge.txt").write_text("a label\n" * 3)
    with pytest.raises(ModelError, match="too large"):
        labels.read(tmp_path / "huge.txt", 3)


def test_default_labels() -> None:
    assert labels.default(2) == ("class 0", "class 1")
    imagenet = labels.default(1000)
    assert len(imagenet) == 1000
    assert (imagenet[0], imagenet[281], imagenet[999]) == ("tench", "tabby", "toilet tissue")


@settings(max_examples=200)
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(str.encode),
        st.text(alphabet='0123,;\t\n"[]{}: ac', max_size=60).map(str.encode),
    ),
    suffix=st.sampled_from([".txt", ".csv", ".tsv", ".json"]),
)
def test_any_bytes_give_labels_or_a_message(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"labels{suffix}"
    path.write_bytes(content)
    with suppress(ModelError):
        found = labels.read(path, 2)
        assert len(found) == 2
        assert all(label.strip() for label in found)
