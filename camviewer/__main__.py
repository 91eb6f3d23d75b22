"""The door of the program: what must happen before anything else is imported."""

import ctypes
import multiprocessing
import os
import sys
from pathlib import Path
from typing import TextIO


def _usable(stream: TextIO | None) -> TextIO:
    """A stream that can be written to, whatever file name is printed.

    A windowed program on Windows has no streams at all (``None``), and every ``print`` of a
    library would raise there. File names may hold characters the console cannot show.
    """
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    return stream


def share_memory() -> None:
    """Let threads use what others have freed (glibc).

    Each thread would get an arena of its own, and networks that come and go on several threads
    would leave holes in all of them.
    """
    if sys.platform == "linux":
        arena_max = -8  # from malloc.h
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other libraries have none
        if mallopt is not None:
            mallopt(arena_max, 2)


def leave_out_triton() -> None:
    """Keep torchvision from loading Triton with torch's compiler: 90 MiB that nothing here uses."""
    sys.modules.setdefault("triton", None)  # type: ignore[arg-type]  # None: there is no such module


def main() -> int:
    """Run the program; returns its exit code (0 done, 1 some pictures failed, 2 wrong usage)."""
    # A child process of a frozen program starts here again and must not open a second window.
    multiprocessing.freeze_support()
    sys.stdout = _usable(sys.stdout)
    sys.stderr = _usable(sys.stderr)
    # torch's idle threads wait busily for milliseconds and take the cores from ONNX Runtime's; read
    # once, when torch is loaded. So few rounds cost torch itself nothing that could be measured.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    # else Windows takes up to a minute to open a camera; read when OpenCV is loaded
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
    share_memory()
    leave_out_triton()
    from camviewer.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
