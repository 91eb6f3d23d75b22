"""Annotation files that are damaged at any place are read or told, and nothing else."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets import Annotations, Sample, coco, pascal_voc
from tests.evaluate.test_datasets import content, picture
from tests.evaluate.test_localization import OBJECT, XML

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["a.jpg", "../a.jpg", "cat"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
_PATHS = [
    (key, number, name)
    for key, entries in content().items()
    for number, entry in enumerate(entries)
    for name in (*entry, "segmentation", "iscrowd")
]
_WITH_FILES = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sound(annotations: Annotations) -> bool:
    """Whether every box lies on its picture, and every mask can be made."""
    boxes = [box for sample in annotations.samples for box in sample.truth().boxes]
    return all(0 <= a < c <= 1 and 0 <= b < d <= 1 for a, b, c, d in boxes)


@_WITH_FILES
@given(place=st.sampled_from(_PATHS), value=_JSON)
def test_coco(tmp_path: Path, place: tuple[str, int, str], value: object) -> None:
    picture(tmp_path / "a.jpg")
    made = copy.deepcopy(content())
    made[place[0]][place[1]][place[2]] = value
    (tmp_path / "c.json").write_text(json.dumps(made))
    try:
        assert sound(coco(tmp_path / "c.json"))
    except CamviewerError as error:
        assert "c.json" in str(error)  # noqa: PT017


@_WITH_FILES
@given(start=st.floats(0, 1), length=st.integers(0, 30), text=st.text(max_size=8))
def test_voc(tmp_path: Path, start: float, length: int, text: str) -> None:
    picture(tmp_path / "a.jpg")
    objects = OBJECT.format("cat", 1, 2, 3, 4) + OBJECT.format("dog", 0, 0, 9, 9)
    whole = XML.format(file="a.jpg", width=9, height=9, objects=objects)
    at = round(start * len(whole))
    damaged = (whole[:at] + text + whole[at + length :]).encode("utf-8", "replace")
    (tmp_path / "a.xml").write_bytes(damaged)
    try:
        assert sound(pascal_voc(tmp_path))
    except CamviewerError as error:
        assert "a.xml" in str(error)  # noqa: PT017


def test_an_undamaged_file_is_sound(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    (tmp_path / "c.json").write_text(json.dumps(content()))
    found = coco(tmp_path / "c.json")
    assert len(found.samples) == 2
    assert sound(found)
    assert not sound(Annotations((Sample(tmp_path / "a.jpg", "cat", ((0.5, 0, 0.2, 1),)),)))


def test_an_entity_bomb_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><annotation>&c;</annotation>'
    (tmp_path / "a.xml").write_text(bomb)
    with pytest.raises(CamviewerError, match=r"a\.xml"):
        pascal_voc(tmp_path)
