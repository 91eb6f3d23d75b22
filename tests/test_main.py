"""The program's door: streams that are missing or cannot show a name, and the exit code."""

import ctypes
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from camviewer import __main__ as door

HOSTILE = "caf\u00e9 \U0001f600 \udc80.png"


def test_a_missing_stream_swallows_what_is_printed() -> None:
    stream = door._usable(None)
    with stream:
        print(HOSTILE.encode("ascii", "replace").decode(), file=stream)
        assert stream.name == os.devnull
        assert stream.encoding == "utf-8"


def test_a_narrow_console_shows_any_file_name() -> None:
    raw = io.BytesIO()
    stream = door._usable(io.TextIOWrapper(raw, encoding="ascii"))
    print(HOSTILE, file=stream, flush=True)
    assert raw.getvalue().strip() == rb"caf\xe9 \U0001f600 \udc80.png"


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_exit_code_is_the_command_lines(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camviewer.cli.main", lambda: code)
    assert door.main() == code


def test_it_runs_without_any_stream_as_a_windowed_program_does(tmp_path: Path) -> None:
    code = (
        "import sys; sys.stdin = sys.stdout = sys.stderr = None\n"
        "sys.argv = ['camviewer', 'methods']\n"
        "from camviewer.__main__ import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "camviewer", "--no-such-option"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert b"--no-such-option" in done.stderr


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="only glibc has arenas")
def test_threads_share_memory_arenas() -> None:
    code = (
        "import ctypes, threading\n"
        "from camviewer.__main__ import share_memory\n"
        "share_memory()\n"
        "blocks = [threading.Thread(target=lambda: bytes(100_000)) for _ in range(8)]\n"
        "for block in blocks: block.start()\n"
        "for block in blocks: block.join()\n"
        "ctypes.CDLL(None).malloc_stats()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.count("Arena ") <= 2
