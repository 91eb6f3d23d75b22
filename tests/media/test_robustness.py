"""Whatever the file: a picture or a clear message, in no time, and nothing on stderr."""

import subprocess
import sys
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


def test_a_process_prints_nothing_about_odd_files(tmp_path: Path) -> None:
    # outside of pytest, which catches warnings and log records of its own accord
    for number, data in enumerate(sound_files().values()):
        for place in range(0, len(data), max(1, len(data) // 20)):
            damaged = data[:place] + b"\xff\x00\x7f"[: number % 3 + 1] + data[place + 2 :]
            (tmp_path / f"{number}-{place}.png").write_bytes(damaged)
            (tmp_path / f"{number}-{place}-cut.png").write_bytes(data[:place])
    code = (
        "import sys\n"
        "from camviewer.errors import PictureError\n"
        "from camviewer.media.images import find_pictures, load\n"
        "opened = refused = 0\n"
        "for path in find_pictures(sys.argv[1:]):\n"
        "    try:\n"
        "        load(path)\n"
        "        opened += 1\n"
        "    except PictureError:\n"
        "        refused += 1\n"
        "print(opened > 100, refused > 500)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("True True\n", "", 0)
