"""The command line: the twin of the window."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

from camviewer.cam.runtimes import WAITING
from camviewer.cli.parser import VIEW, build_parser
from camviewer.errors import CamviewerError, ConsentRequiredError, DownloadError, ExportError

_FAILED, _WRONG_USAGE, _INTERRUPTED = 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run camviewer.

    Args:
        argv: the arguments after the program's name; None for those it was started with.

    Returns:
        The exit status: 0 all done, 1 something failed, 2 wrong usage.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser, own = build_parser()
    if not arguments or arguments[0].partition("=")[0] not in own:
        arguments = [VIEW, *arguments]
    parsed = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO if parsed.verbose else logging.ERROR)
    _tell_what_is_waited_for()
    try:
        if parsed.smoke_test is not None:
            from camviewer.gui.app import smoke

            return smoke(parsed.smoke_test)
        if parsed.export_trunk is not None:
            from camviewer.cam.runtimes.exporting import run as export_trunk

            return export_trunk(parsed.export_trunk)
        status: int = parsed.command(parsed)
        sys.stdout.flush()
    except ConsentRequiredError as error:
        print(f"camviewer: {error} To agree, add --trust.", file=sys.stderr)
        return _WRONG_USAGE
    except (DownloadError, ExportError) as error:
        print(f"camviewer: {error}", file=sys.stderr)
        return _FAILED
    except CamviewerError as error:
        print(f"camviewer: {error}", file=sys.stderr)
        return _WRONG_USAGE
    except KeyboardInterrupt:
        print("camviewer: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has gone; Python would complain again when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    return status


class _ForPeople(logging.Handler):
    """Says on stderr what it is told, without a logger's ornaments."""

    def emit(self, record: logging.LogRecord) -> None:
        print(f"camviewer: {record.getMessage()}", file=sys.stderr)


def _tell_what_is_waited_for() -> None:
    logger = logging.getLogger(WAITING)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [_ForPeople()]
