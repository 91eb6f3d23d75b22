"""The shipped starter on a shipped sample, in the window: the same numbers as the Inspector's."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from camviewer.inspector import Inspector, Request
from camviewer.media import images
from camviewer.models import catalog
from camviewer.paths import resources
from camviewer.render import View, overlay


def test_the_smoke_test_saves_what_the_inspector_finds(tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    code = (
        "import sys, pathlib; from camviewer.gui.app import smoke;"
        "sys.exit(smoke(pathlib.Path(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(out)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    sample = sorted((resources() / "samples").glob("*.jpg"))[0]
    inspector = Inspector(catalog.load("starter"), "cpu")
    inspection = inspector.inspect(images.load(sample), Request())
    assert np.array_equal(np.asarray(Image.open(out)), overlay(inspection, View()))
