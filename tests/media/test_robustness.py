"""Whatever the file: a picture or a clear message, in no time, and nothing on stderr."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from camviewer.errors import PictureError
from camviewer.media import images
from camviewer.types import Frame
from tests.odd_files import odd_files, sound_files

# pytest shows warnings whatever the program's own filters say
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


@given(file=odd_files())
@settings(
    max_examples=500,
    deadline=2000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_an_odd_file_is_a_picture_or_a_clear_message(
    file: tuple[str, bytes], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    name, data = file
    path = tmp_path / name
    path.write_bytes(data)
    try:
        outcome: Frame | PictureError = images.load(path)
    except PictureError as error:
        outcome = error
    if isinstance(outcome, Frame):
        assert outcome.pixels.flags.c_contiguous
        assert outcome.size[0] * outcome.size[1] <= images.PIXEL_LIMIT
    else:
        assert name in str(outcome)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", sorted(sound_files()))
def test_every_sound_file_is_a_picture(name: str) -> None:
    upright = (
        (9, 7)
        if name.startswith(("JPEG", "PNG")) and not name.endswith(("True", "colour"))
        else (7, 9)
    )
    assert images.from_bytes(sound_files()[name], name).size == upright


@pytest.mark.parametrize("name", sorted(sound_files()))
def test_half_a_file_is_refused(name: str) -> None:
    data = sound_files()[name]
    with pytest.raises(PictureError, match="half"):
        images.from_bytes(data[: len(data) // 2], "half")
