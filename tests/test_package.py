"""What is shipped: the wheel's contents, its programs, and that lower floors do without Qt."""

import configparser
import email
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from PIL import Image

import camviewer

ROOT = Path(__file__).resolve().parents[1]


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter; its output is decoded as UTF-8."""
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code, *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout by the declared build backend, without network."""
    folder = tmp_path_factory.mktemp("wheel")
    (built,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return Path(built)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked, as an installer would."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def dist_info(installed: Path, name: str) -> str:
    """A text of the wheel's metadata folder."""
    (found,) = installed.glob(f"*.dist-info/{name}")
    return found.read_text(encoding="utf-8")


def test_every_resource_is_in_the_wheel_unchanged(installed: Path) -> None:
    resources = ROOT / "resources"
    files = [path for path in resources.rglob("*") if path.is_file()]
    names = {path.relative_to(resources).as_posix() for path in files}
    assert {"LICENSE", "icons/camviewer.svg", "icons/camviewer-256.png"} <= names
    for path in files:
        shipped = installed / "camviewer" / "resources" / path.relative_to(resources)
        assert shipped.read_bytes() == path.read_bytes(), f"{path.name} differs in the wheel"


def test_the_starter_and_samples_are_in_the_wheel(installed: Path) -> None:
    resources = installed / "camviewer" / "resources"
    assert list((resources / "starter").glob("*.safetensors"))
    assert list((resources / "samples").glob("*.jpg"))


def test_every_module_and_nothing_else_of_the_checkout_is_in_the_wheel(installed: Path) -> None:
    sources = {p.relative_to(ROOT).as_posix() for p in (ROOT / "camviewer").rglob("*.py")}
    shipped = {p.relative_to(installed).as_posix() for p in installed.rglob("*.py")}
    assert shipped == sources
    assert (installed / "camviewer" / "py.typed").is_file()


def test_an_installed_wheel_finds_its_own_resources(installed: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from camviewer import paths\n"
        "print(paths.resources())"
    )
    done = run_python(code, str(installed))
    assert done.stderr == ""
    assert Path(done.stdout.strip()) == (installed / "camviewer" / "resources").resolve()


def test_both_programs_are_declared(installed: Path) -> None:
    entries = configparser.ConfigParser()
    entries.read_string(dist_info(installed, "entry_points.txt"))
    assert entries["console_scripts"]["camviewer"] == "camviewer.__main__:main"
    assert entries["gui_scripts"]["camviewer-gui"] == "camviewer.__main__:main"


def test_the_desktop_entry_starts_a_declared_program_and_names_a_shipped_icon(
    installed: Path,
) -> None:
    (share,) = installed.glob("*.data/data/share")
    entry = configparser.RawConfigParser()
    entry.optionxform = str  # type: ignore[assignment,method-assign]
    entry.read(share / "applications" / "camviewer.desktop", encoding="utf-8")
    desktop = entry["Desktop Entry"]
    assert desktop["Exec"] == "camviewer-gui %F"
    icon = share / "icons" / "hicolor" / "256x256" / "apps" / f"{desktop['Icon']}.png"
    with Image.open(icon) as picture:
        assert picture.size == (256, 256)


def test_the_metadata_tells_version_licence_and_bounded_dependencies(installed: Path) -> None:
    metadata = email.message_from_string(dist_info(installed, "METADATA"))
    assert metadata["Version"] == camviewer.__version__
    assert metadata["License-Expression"] == "MIT"
    assert dist_info(installed, "licenses/resources/LICENSE").startswith("MIT License")
    unbounded = [r for r in metadata.get_all("Requires-Dist", []) if "<" not in r]
    assert unbounded == []


@pytest.mark.parametrize("size", [16, 24, 32, 48, 64, 128, 256, 512])
def test_an_icon_has_its_size_see_through_corners_and_heat_in_its_middle(size: int) -> None:
    with Image.open(ROOT / "resources" / "icons" / f"camviewer-{size}.png") as picture:
        assert picture.size == (size, size)
        rgba = picture.convert("RGBA")
    assert rgba.getpixel((0, 0))[3] < 128  # type: ignore[index]
    red, green, blue, alpha = rgba.getpixel((size // 2, size // 2))  # type: ignore[misc]
    assert alpha == 255
    assert red > green > blue


def test_only_the_window_loads_qt() -> None:
    sources = (path.relative_to(ROOT) for path in (ROOT / "camviewer").rglob("*.py"))
    below = [source for source in sources if source.parts[1] != "gui"]
    names = [".".join(source.with_suffix("").parts).removesuffix(".__init__") for source in below]
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print(sorted(name for name in sys.modules if name.startswith('PySide6')))"
    )
    done = run_python(code, *names)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"


def test_the_version_is_known_without_loading_torch() -> None:
    code = "import sys, camviewer; print(camviewer.__version__, 'torch' in sys.modules)"
    assert run_python(code).stdout.split() == [camviewer.__version__, "False"]


def test_the_floors_are_kept() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
