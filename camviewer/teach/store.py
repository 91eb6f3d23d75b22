"""Features on disk, bounded, under what they were computed from."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_LOG = logging.getLogger(__name__)
_BOUND = 1 << 30  # bytes: some 90,000 pictures of 512 channels, six looks each
_KEPT_SHARE = 0.75  # when there is too much
_PATIENCE = 5.0  # seconds for another program that writes
_TABLE = """
CREATE TABLE IF NOT EXISTS features (key TEXT PRIMARY KEY, used INTEGER, vector BLOB) WITHOUT ROWID
"""


class FeatureStore:
    """Vectors by key in one file. A file that is damaged or cannot be written is done without."""

    def __init__(self, path: Path, bound: int = _BOUND) -> None:
        """Use a file.

        Args:
            path: of the file, made with its folder if missing.
            bound: how many bytes of vectors are kept; the longest unused ones go first.
        """
        self._path = path
        self._bound = bound
        self._works = self._prepare()

    def get(self, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors that are there, float32, by their keys."""
        if not self._works:
            return {}
        marks = ",".join("?" * len(keys))
        try:
            with closing(self._open()) as file, file:
                rows = file.execute(
                    f"SELECT key, vector FROM features WHERE key IN ({marks})",  # noqa: S608
                    keys,
                ).fetchall()
                file.execute(
                    f"UPDATE features SET used = ? WHERE key IN ({marks}) AND used < ?",  # noqa: S608
                    (_today(), *keys, _today()),
                )
        except sqlite3.Error as error:
            self._give_up(error)
            return {}
        return {key: np.frombuffer(vector, np.float32) for key, vector in rows}

    def put(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Keep vectors."""
        if not self._works:
            return
        rows = [(key, _today(), vector.tobytes()) for key, vector in vectors.items()]
        try:
            with closing(self._open()) as file, file:
                file.executemany("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", rows)
        except sqlite3.Error as error:
            self._give_up(error)

    def tidy(self) -> None:
        """Throw away what was not used for longest, if there is too much."""
        if not self._works:
            return
        try:
            with closing(self._open()) as file:
                with file:
                    size, count = file.execute(
                        "SELECT COALESCE(SUM(LENGTH(vector)), 0), COUNT(*) FROM features"
                    ).fetchone()
                    if size <= self._bound:
                        return
                    gone = count - int(count * _KEPT_SHARE * self._bound / size)
                    file.execute(
                        "DELETE FROM features WHERE key IN "
                        "(SELECT key FROM features ORDER BY used LIMIT ?)",
                        (gone,),
                    )
                file.execute("VACUUM")
        except sqlite3.Error as error:
            self._give_up(error)

    def _prepare(self) -> bool:
        for _ in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with closing(self._open()) as file, file:
                    file.execute(_TABLE)
                    file.execute("SELECT key, used, vector FROM features LIMIT 1").fetchall()
                return True
            except (sqlite3.Error, OSError) as error:
                _LOG.info("features are not kept in %s: %s", self._path, error)
                if not isinstance(error, sqlite3.DatabaseError) or not self._path.is_file():
                    return False
                if isinstance(error, sqlite3.OperationalError):  # busy or forbidden, not damaged
                    return False
                self._path.unlink()
        return False

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_PATIENCE)

    def _give_up(self, error: sqlite3.Error) -> None:
        _LOG.info("features are no longer kept in %s: %s", self._path, error)
        self._works = False


def _today() -> int:
    return int(time.time() // 86400)
