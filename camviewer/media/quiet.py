"""Decoders report by exception or return value; what they print besides is kept off stderr.

The remarks are about odd metadata, name no file, and nobody can act on them. A program that is
piped (``explain --json``) or started by double-click must not print them.
"""

import contextlib
import ctypes
import logging
import warnings

import cv2
from PIL import _imaging


def hush() -> None:
    """Silence Pillow's warnings, libtiff and OpenCV's log for the whole process."""
    # without any handler, Python prints what a library logs; a log file still receives it
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    warnings.filterwarnings("ignore", module=r"PIL\.")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    # Where libtiff is linked into Pillow statically (Windows) its handlers cannot be reached.
    with contextlib.suppress(OSError, AttributeError):
        pillow = ctypes.CDLL(_imaging.__file__)
        for setter in (pillow.TIFFSetErrorHandler, pillow.TIFFSetWarningHandler):
            setter.argtypes = [ctypes.c_void_p]
            setter.restype = ctypes.c_void_p
            setter(None)
