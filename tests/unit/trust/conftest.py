import pytest

from hanse.kernel.errors import CallerError
from tests.unit.trust.world import World


@pytest.fixture
def world():
    return World()


@pytest.fixture
def refused(world):
    """Run something that must be refused; return the error, which says nothing of our network and quotes no token."""

    def check(work, *arguments, **options):
        with pytest.raises(CallerError) as caught:
            work(*arguments, **options)
        text = str(caught.value)
        assert "10.1.2.3" not in text
        assert "eyJ" not in text
        return caught.value

    return check
