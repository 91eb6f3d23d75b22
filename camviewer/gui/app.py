"""Starts the application: the right order of imports, the theme, the window."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2  # noqa: F401  (before Qt: see `_forget_plugins`)
import torch  # noqa: F401  (before Qt: on Windows it cannot be loaded after it)


def _forget_plugins() -> None:
    """Drop what OpenCV's import sets on Linux: it points Qt 6 to OpenCV's own Qt 5 plugins."""
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        if "cv2" in os.environ.get(name, ""):
            del os.environ[name]


_forget_plugins()

from PySide6.QtCore import (  # noqa: E402
    QEventLoop,
    QLoggingCategory,
    QMessageLogContext,
    QSettings,
    QSize,
    QTemporaryDir,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QIcon  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

from camviewer import __version__  # noqa: E402
from camviewer.errors import CamviewerError  # noqa: E402
from camviewer.export import pictures  # noqa: E402
from camviewer.gui.crash import CrashReporter  # noqa: E402
from camviewer.gui.engine import Engine  # noqa: E402
from camviewer.gui.file_open import FileOpenEvents  # noqa: E402
from camviewer.gui.main_window import MainWindow  # noqa: E402
from camviewer.gui.message_bar import Kind  # noqa: E402
from camviewer.gui.settings import Settings  # noqa: E402
from camviewer.gui.theme import Theme  # noqa: E402
from camviewer.paths import resources  # noqa: E402

_SMOKE_MS = 120_000
_TITLE = 40  # pixels of the frame above a window, before it is known


def application(settings: Settings) -> tuple[QApplication, Theme]:
    """The one QApplication, themed."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    # Thumbnails are tried with Qt; what is broken is told by the program's own reader.
    QLoggingCategory.setFilterRules("qt.gui.imageio*=false")
    app.setApplicationName("camviewer")
    app.setApplicationDisplayName("camviewer")
    app.setApplicationVersion(__version__)
    app.setOrganizationName("camviewer")
    app.setDesktopFileName("camviewer")
    icon = QIcon()
    for file in sorted((resources() / "icons").glob("camviewer-*.png")):
        icon.addFile(str(file))
    app.setWindowIcon(icon)
    return app, Theme(app, settings.scheme)


def spare_the_collector() -> None:
    """Take all that is loaded by now out of the garbage collector's rounds.

    With torch that is so much that each full round would hold up the window for a fifth of a
    second, and frames with a thousand scores each bring one about every three seconds.
    """
    gc.collect()
    gc.freeze()


def fit_to_screen(window: QWidget) -> None:
    """Make a window that was not shown yet no larger than its screen has room for."""
    room = window.screen().availableSize()
    window.resize(window.size().boundedTo(QSize(room.width(), room.height() - _TITLE)))


def run(
    paths: Sequence[Path],
    network: str | None,
    options: Mapping[str, Any],
    device: str,
    runtime: str | None,
) -> int:
    """Open the window; returns the exit code.

    Args:
        paths: pictures, videos, folders and weights files, if there are any.
        network: see `catalog.load`.
        options: likewise.
        device: where it runs.
        runtime: what computes it; None for what the person last chose in the window.
    """
    settings = Settings()
    app, theme = application(settings)
    reporter = CrashReporter()
    reporter.install()
    window = MainWindow(Engine(device=device, runtime=runtime or settings.runtime), settings, theme)
    reporter.crashed.connect(lambda message: window.messages.show_message(message, Kind.ERROR))
    documents = FileOpenEvents()
    documents.requested.connect(window.opener.open_paths)
    app.installEventFilter(documents)
    if settings.geometry.isEmpty():
        fit_to_screen(window)
    window.show()
    spare_the_collector()
    window.start(paths, network, options)
    try:
        return app.exec()
    finally:
        reporter.uninstall()


def _without_offscreen_chatter(_kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    """Everything Qt says but what the offscreen platform always says."""
    if "propagateSizeHints" not in message:
        sys.stderr.write(f"{context.category}: {message}\n")


def smoke(out: Path) -> int:
    """Explain a bundled sample in a window that nobody sees and save the overlay.

    Args:
        out: the picture to write.

    Returns:
        0 when that worked.

    Raises:
        CamviewerError: if it did not, with the reason.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    qInstallMessageHandler(_without_offscreen_chatter)
    folder = QTemporaryDir()
    store = QSettings(folder.filePath("settings.ini"), QSettings.Format.IniFormat)
    settings = Settings(store)
    _app, theme = application(settings)
    engine = Engine()
    window = MainWindow(engine, settings, theme)
    problems: list[str] = []
    loop = QEventLoop()
    engine.failed.connect(problems.append)
    engine.model_failed.connect(lambda message, _: problems.append(message))
    for signal in (engine.inspected, engine.failed, engine.model_failed):
        signal.connect(loop.quit)
    QTimer.singleShot(_SMOKE_MS, loop.quit)
    window.show()
    window.start([])
    loop.exec()
    inspection = window.canvas.inspection
    window.close()
    if problems or inspection is None:
        raise CamviewerError(problems[0] if problems else "No explanation came within two minutes.")
    pictures.save_overlay(inspection, window.session.view, out)
    return 0
