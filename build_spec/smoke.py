"""Prove that a built bundle does its main job on a machine that has never seen camviewer.

    uv run python build_spec/smoke.py dist/camviewer

The frozen program runs with an empty home folder and without this environment's Python:
its window explains a bundled sample offscreen (``--smoke-test``), then its command line explains
one, and a short video. Exit code 0, what they write, and not one unexpected line of output are
required.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np
from PIL import Image

TIMEOUT = 300.0
"""Seconds one run may take; the first start on a cold disk reads gigabytes."""

_FRAMES = 5

# The offscreen platform says this of itself whenever a window is shown.
EXPECTED_OUTPUT = re.compile(r"This plugin does not support propagateSizeHints\(\)")


class SmokeError(Exception):
    """The bundle does not do its job."""


def find_program(bundle: Path) -> Path:
    """The console program inside a built folder or a macOS ``.app``."""
    for place in ("camviewer", "camviewer.exe", "Contents/MacOS/camviewer"):
        if (bundle / place).is_file():
            return (bundle / place).resolve()
    raise SmokeError(f"no program in {bundle}: build it with pyinstaller build_spec/camviewer.spec")


def fresh_environment(home: Path) -> dict[str, str]:
    """What a new user's session has: none of this environment, an empty home, no screen."""
    kept = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "NUMBER_OF_PROCESSORS", "TMPDIR")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TEMP", "TMP"):
        environment[name] = str(home)
    environment["PATH"] = os.defpath
    environment["LANG"] = environment["LC_ALL"] = "C.UTF-8"
    environment["QT_QPA_PLATFORM"] = "offscreen"
    return environment


def run(program: Path, home: Path, *arguments: str) -> str:
    """Run the frozen program; returns its stdout.

    Raises SmokeError when it fails, hangs, or says on stderr what nobody expects.
    """
    started = time.monotonic()
    try:
        done = subprocess.run(
            [program, *arguments],
            cwd=home,
            env=fresh_environment(home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        raise SmokeError(f"{arguments} did not end within {TIMEOUT:.0f} s") from expired
    said = f"\n--- stdout\n{done.stdout}\n--- stderr\n{done.stderr}"
    if done.returncode != 0:
        raise SmokeError(f"{arguments} exited with {done.returncode}{said}")
    unexpected = [line for line in done.stderr.splitlines() if not EXPECTED_OUTPUT.search(line)]
    if any(line.strip() for line in unexpected):
        raise SmokeError(f"{arguments} printed something unexpected{said}")
    print(f"  {time.monotonic() - started:5.1f} s  {' '.join(arguments)}")
    return done.stdout


def pixels(path: Path) -> np.ndarray:
    """A picture file as RGB uint8 (height, width, 3)."""
    if not path.is_file():
        raise SmokeError(f"{path.name} was not written")
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def check_overlay(overlay: np.ndarray, samples: dict[str, np.ndarray]) -> str:
    """The name of the sample that ``overlay`` shows with something laid over it."""
    for name, sample in samples.items():
        if sample.shape != overlay.shape or np.array_equal(sample, overlay):
            continue
        # What is drawn hides the sample in part: of its outlines more than chance is still there.
        outlines = [np.diff(picture.mean(axis=2), axis=0).ravel() for picture in (sample, overlay)]
        if np.corrcoef(*outlines)[0, 1] > 0.2:
            return name
    raise SmokeError("the overlay shows none of the bundled samples with a heatmap on it")


def check_window(program: Path, home: Path, samples: dict[str, np.ndarray]) -> None:
    """The window explains a bundled sample and writes what it shows."""
    target = home / "shown.png"
    printed = run(program, home, "--smoke-test", str(target))
    if printed.strip():
        raise SmokeError(f"--smoke-test printed: {printed}")
    check_overlay(pixels(target), samples)


def check_command_line(program: Path, home: Path, sample: Path) -> None:
    """The command line explains a picture: overlay, record, a box within the picture."""
    out = home / "out"
    printed = run(program, home, "explain", str(sample), "--out", str(out), "--json")
    record = json.loads(printed)
    height, width, _ = pixels(sample).shape
    if (record["width"], record["height"]) != (width, height):
        raise SmokeError(f"the record tells another picture size: {printed}")
    boxes = [box for found in record["explanations"] for box in found["boxes"]]
    if not boxes:
        raise SmokeError(f"no box was found: {printed}")
    for box in boxes:
        inside_x = 0 <= box["x"] < box["x"] + box["width"] <= width
        if not (inside_x and 0 <= box["y"] < box["y"] + box["height"] <= height):
            raise SmokeError(f"a box leaves the picture: {box}")
    check_overlay(pixels(out / f"{sample.stem}.overlay.png"), {sample.name: pixels(sample)})
    if not (out / f"{sample.stem}.json").is_file():
        raise SmokeError("explain wrote no record beside the overlay")


def check_video(program: Path, home: Path, sample: Path) -> None:
    """The command line explains a video: as many frames, and a line on each."""
    source = home / "walk.mp4"
    picture = pixels(sample)[:240, :320]
    with av.open(str(source), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.height, stream.width = picture.shape[:2]
        for shift in range(_FRAMES):
            frame = av.VideoFrame.from_ndarray(np.roll(picture, 4 * shift, axis=1), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    out = home / "video"
    run(program, home, "explain", str(source), "--out", str(out), "--json")
    with av.open(str(out / "walk.overlay.mp4")) as container:
        frames = sum(1 for _ in container.decode(video=0))
    lines = (out / "walk.jsonl").read_text("utf-8").splitlines()
    told = [json.loads(line)["kind"] for line in lines]
    if frames != _FRAMES or told != ["header", *["frame"] * _FRAMES]:
        raise SmokeError(f"of {_FRAMES} frames {frames} were written and {len(told) - 1} told of")


def main() -> int:
    """Check the bundle that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path, help="the built folder, for example dist/camviewer")
    bundle: Path = parser.parse_args().bundle.resolve()
    try:
        program = find_program(bundle)
        found = sorted(bundle.rglob("camviewer/resources/samples/*.jpg"))
        if not found:
            raise SmokeError("the bundle holds no samples")
        with tempfile.TemporaryDirectory(prefix="camviewer-smoke-") as folder:
            home = Path(folder)
            version = run(program, home, "--version")
            check_window(program, home, {path.name: pixels(path) for path in found})
            check_command_line(program, home, found[0])
            check_video(program, home, found[0])
    except SmokeError as failure:
        print(f"The bundle failed: {failure}", file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in bundle.rglob("*") if not path.is_symlink())
    print(f"The bundle works: {version.strip()}, {size / 1e9:.2f} GB in {bundle}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
