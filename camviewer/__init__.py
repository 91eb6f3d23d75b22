"""See what an image classifier looks at."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("camviewer")
except PackageNotFoundError:  # a frozen program without its metadata
    __version__ = "0+unknown"
