"""What the page "How a heatmap is made" says is true."""

import re
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.teach.seeds.ways import better, naive, probabilities
from tests.teach.seeds.writing import FOLDER, NUMBERS, PAGE, Numbers, page


@pytest.fixture(scope="module")
def numbers() -> Numbers:
    return Numbers.kept()


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text("utf-8")


def test_its_numbers_are_those_of_the_network(numbers: Numbers, text: str) -> None:
    assert text == page(numbers)
    assert numbers.best == [5, 8, 3]
    maps = better(numbers.activation, numbers.weight)
    np.testing.assert_allclose(probabilities(maps, numbers.bias), numbers.said, atol=1e-5)


def test_its_table_adds_up(text: str) -> None:
    table = text.split("the network says</th>")[1].split("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    cells = [re.findall(r"<td align='center'>(.*?)</td>", row) for row in rows if "<td" in row]
    assert [int(row[0]) for row in cells] == list(range(10))
    values = np.array([[float(cell) for cell in row[1:]] for row in cells])
    mean, bias, score, told, said = values.T
    np.testing.assert_allclose(mean + bias, score, atol=0.0011)  # each is rounded
    np.testing.assert_allclose(np.exp(score) / np.exp(score).sum(), said, atol=0.001)
    np.testing.assert_array_equal(told, said)
    found = re.search(r"= (\S+) ([+-]) (\S+) = (\S+)</p>", text)
    assert found is not None
    difference, sign, rest, odds = found.groups()
    assert float(difference) + float(sign + rest) == pytest.approx(float(odds), abs=0.0011)
    assert float(odds) == pytest.approx(np.log(said[5] / said[8]), abs=0.002)


def test_its_code_does_what_it_says(numbers: Numbers, text: str) -> None:
    channels, rows, columns = numbers.activation.shape
    known: dict[str, Any] = {
        "np": np,
        "A": numbers.activation,
        "w": numbers.weight,
        "b": numbers.bias,
        "c": 5,
        "channels": channels,
        "rows": rows,
        "columns": columns,
    }
    blocks = re.findall(r"<pre>\n(.*?)</pre>", text, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        exec(block, known)  # noqa: S102 - the page's own words
    np.testing.assert_allclose(known["heatmap"], known["maps"][5], atol=1e-10)
    np.testing.assert_allclose(known["heatmap"], naive(numbers.activation, numbers.weight, 5))
    np.testing.assert_allclose(known["p"], numbers.said, atol=1e-5)


def test_its_figures_are_there_and_small(text: str) -> None:
    shown = set(re.findall(r"src=[\"'](.*?)[\"']", text))
    assert len(shown) == 5 + 3 + 3 + 3 * 3
    there = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert set(there) == shown | {PAGE.name, NUMBERS.name}
    assert sum(there.values()) < 100_000
    for name, width, height in re.findall(
        r"src=[\"'](.*?)[\"'] width=[\"'](\d+)[\"'] height=[\"'](\d+)[\"']", text
    ):
        assert Image.open(FOLDER / name).size == (int(width), int(height))  # never scaled


def test_the_maps_are_drawn_orange_for_and_blue_against(numbers: Numbers) -> None:
    maps = better(numbers.activation, numbers.weight)
    largest = np.abs(maps[numbers.best]).max()
    for place, index in enumerate(numbers.best):
        drawn = np.asarray(Image.open(FOLDER / f"map-{place}.png")).astype(int)[8::16, 8::16]
        red_over_blue = drawn[..., 0] - drawn[..., 2]
        strong = np.abs(maps[index]) > 0.05 * largest
        assert strong.sum() > 20
        np.testing.assert_array_equal(red_over_blue[strong] > 0, maps[index][strong] > 0)
