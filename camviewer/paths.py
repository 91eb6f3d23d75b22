"""Where things lie: resources that ship with the program, and the user's own directories."""

from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def resources() -> Path:
    """The folder of icons, samples and the starter network.

    Inside an installed wheel or a bundle it lies in the package; in a checkout beside it.
    """
    installed = _PACKAGE / "resources"
    return installed if installed.is_dir() else _PACKAGE.parent / "resources"


def cache() -> Path:
    """The user's cache folder for camviewer (not created)."""
    return platformdirs.user_cache_path("camviewer", appauthor=False)


def logs() -> Path:
    """The user's log folder for camviewer (not created)."""
    return platformdirs.user_log_path("camviewer", appauthor=False)


def data() -> Path:
    """The user's folder for what camviewer keeps for them, such as lessons (not created)."""
    return platformdirs.user_data_path("camviewer", appauthor=False)
