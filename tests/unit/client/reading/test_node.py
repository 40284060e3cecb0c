"""A node that opens by lease: each opening is in its log before anything can be read, whatever else happens at the same time."""

from __future__ import annotations

import stat
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from joserfc import jwe
from joserfc.jwk import ECKey

from hanse.client.reading.node import make_key, open_leased, public_key
from hanse.client.reading.opened import open as open_version
from hanse.evidence import kinds as k
from hanse.evidence.dsse import seal
from hanse.evidence.leases import Keys, LeaseFile, check_log, read_lease
from hanse.evidence.statement import Subject, write_statement
from hanse.identity.keys import SigningKey, VerifyingKey
from hanse.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tests.unit.client.reading.world import KEY, MANIFEST, write

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
FACTORY = SigningKey.generate("did:web:factory.example#key-1")
USE = "use"


class Watch:
    """A clock that goes on by a second whenever it is looked at."""

    def __init__(self, now=NOW):
        self._now = now

    def now(self):
        self._now += timedelta(seconds=1)
        return self._now


def give(folder, openings, *, node="node.key", of=None):
    """Write a lease for a version in the folder `facility`; `of` is the statement whose keys it brings along, else its own."""
    terms = {"lease": "lea_1", "version": "odd@1", "holder": "h", "until": NOW + timedelta(1), "action": USE, "openings": openings}
    says = k.Leased(id="led_1", by="did:web:f", at=NOW, **terms)
    envelope = seal(write_statement(Subject.of("odd@1", "ab" * 32), says), FACTORY.kid, FACTORY.sign_bytes)
    hot, cold, key = str(folder / "facility"), str(folder / "cold"), urlsafe_b64encode(KEY).decode()
    keys = Keys(lease=of or envelope.hash, hot=hot, cold=cold, manifest=MANIFEST, key=key)
    own = ECKey.import_key(dict(public_key(folder / node)))
    sealed = jwe.encrypt_compact({"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}, msgspec.json.encode(keys), own)
    file = folder / "run.lease"
    file.write_bytes(msgspec.json.encode(LeaseFile(1, msgspec.Raw(envelope.encode()), sealed)))
    return file


@pytest.fixture
def node(tmp_path):
    write(tmp_path / "facility", {"a.csv": b"x\n1\n"})
    make_key(tmp_path / "node.key")
    return tmp_path


def opened(node, **more):
    return open_leased("odd@1", node / "run.lease", node / "node.key", **({"action": None, "purpose": "", "clock": Watch()} | more))


def log_of(node):
    check = VerifyingKey.from_jwk(public_key(node / "node.key")).verify_bytes
    return check_log((node / "run.lease.log").read_bytes(), read_lease((node / "run.lease").read_bytes()), check)


def test_the_key_is_its_owners_alone_and_is_never_written_over(node):
    assert stat.S_IMODE((node / "node.key").stat().st_mode) == 0o600
    assert set(public_key(node / "node.key")) == {"kty", "crv", "x", "y"}
    before = (node / "node.key").read_bytes()
    with pytest.raises(Conflict):
        make_key(node / "node.key")
    assert (node / "node.key").read_bytes() == before
    (node / "other").write_bytes(b"no key")
    with pytest.raises(Invalid, match="no key"):
        public_key(node / "other")
    with pytest.raises(Invalid, match="cannot be written"):
        make_key(node / "missing" / "key")


def test_of_many_at_once_exactly_as_many_open_as_the_lease_says(node):
    give(node, 5)
    watch = Watch()

    def try_one(_):
        try:
            return bool(opened(node, clock=watch))
        except Forbidden:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_one, range(24))) == 5
    told = log_of(node)
    assert [one.number for one in told.openings] == [1, 2, 3, 4, 5]
    assert told.gaps == ()


def test_what_is_read_by_a_lease_is_in_the_log_by_then(node):
    file = give(node, 1)
    with open_version("odd@1", lease=file, key=node / "node.key", clock=Watch()) as data:
        assert len(log_of(node).openings) == 1
        assert data.read("a.csv") == b"x\n1\n"
    with pytest.raises(Invalid, match="node's key"):
        open_version("odd@1", lease=file)


def test_a_log_that_a_crash_cut_off_is_refused_until_the_half_line_is_gone(node):
    give(node, 3)
    opened(node)
    log = node / "run.lease.log"
    whole = log.read_bytes()
    log.write_bytes(whole + whole[:-30])
    with pytest.raises(Invalid, match="cut off"):
        opened(node)
    log.write_bytes(whole)
    opened(node, clock=Watch(NOW + timedelta(minutes=1)))
    assert len(log_of(node).openings) == 2


def test_keys_of_one_statement_with_another_statement(node):
    """Whoever puts keys that were sealed for one lease beside the better terms of another one gets nothing."""
    give(node, 10_000, of="ab" * 32)
    with pytest.raises(Invalid, match="belong to another statement"):
        opened(node)
    assert not (node / "run.lease.log").exists()


def test_another_nodes_key_and_files_that_are_not_there(node):
    give(node, 1)
    make_key(node / "other.key")
    with pytest.raises(Invalid, match="another node"):
        open_leased("odd@1", node / "run.lease", node / "other.key", action=None, purpose="", clock=Watch())
    for lease, key in (("none", "node.key"), ("run.lease", "none")):
        with pytest.raises(NotFound):
            open_leased("odd@1", node / lease, node / key, action=None, purpose="", clock=Watch())
    assert not (node / "run.lease.log").exists()
