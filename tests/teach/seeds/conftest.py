"""The seeds, each taught once for all tests."""

import pytest

from tests.teach.seeds import seed as seeds
from tests.teach.seeds.seed import Seed


@pytest.fixture(scope="session")
def digit_seed() -> Seed:
    return seeds.digit_seed()


@pytest.fixture(scope="session")
def beam_seed() -> Seed:
    return seeds.beam_seed()


@pytest.fixture(scope="session")
def cracked_only_seed() -> Seed:
    return seeds.cracked_only_seed()


@pytest.fixture(params=["digit_seed", "beam_seed"])
def seed(request: pytest.FixtureRequest) -> Seed:
    """Either of the two."""
    found: Seed = request.getfixturevalue(request.param)
    return found
