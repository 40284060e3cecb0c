import pytest

from hanse.kernel.errors import Unauthenticated
from tests.unit.identity.credentials.world import PROFILES, World


@pytest.fixture
def world():
    return World()


@pytest.fixture(params=PROFILES, ids=["vc20", "vc11"])
def profile(request):
    return request.param


@pytest.fixture
def refused(world):
    """Verify a credential that must be refused; return the error."""

    def run(text, **options):
        with pytest.raises(Unauthenticated) as caught:
            world.verify(text, **options)
        for part in text.split("."):
            assert len(part) < 20 or part not in str(caught.value)
        assert "10.1.2.3" not in str(caught.value)
        return caught.value

    return run
