"""The window as a whole is held to what its parts are held to."""

from tests.gui.conftest import no_leaked_timers_or_qt_threads

__all__ = ["no_leaked_timers_or_qt_threads"]
