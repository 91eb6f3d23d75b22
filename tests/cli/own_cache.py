"""A cache for the tests of a module, which draw the same pictures again and again."""

from pathlib import Path

import pytest

from camviewer import paths


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr(paths, "cache", lambda: cache)
