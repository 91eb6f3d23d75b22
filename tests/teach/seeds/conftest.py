"""The two seeds, each taught once for all tests."""

import pytest

from tests.teach.seeds import beams, digits
from tests.teach.seeds.seed import Seed


@pytest.fixture(scope="session")
def digit_seed() -> Seed:
    """A network that knows digits."""
    given, others = digits.digits(1600, seed=0), digits.digits(100, seed=1)
    return Seed.taught_with(given, others, digits.LABELS, digits.SIDE, epochs=5)


@pytest.fixture(scope="session")
def beam_seed() -> Seed:
    """A network that knows in which third a beam is cracked, and which beams are sound."""
    given, others = beams.beams(2400, seed=0), beams.beams(200, seed=1)
    return Seed.taught_with(given, others, beams.LABELS, beams.SIDE, epochs=6)


@pytest.fixture(params=["digit_seed", "beam_seed"])
def seed(request: pytest.FixtureRequest) -> Seed:
    """Either of them."""
    found: Seed = request.getfixturevalue(request.param)
    return found
