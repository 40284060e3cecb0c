import asyncio
from datetime import timedelta

import pytest

from hanse.identity.did import Service
from hanse.identity.exchange import drive
from hanse.identity.self_issued import verify
from hanse.identity.statements import REGISTER, Member, Register, open_statement
from hanse.kernel.errors import Conflict, Misconfigured, NotFound
from hanse.kernel.ids import CountedIds
from hanse.wallet import wallet as module
from hanse.wallet.seal import MasterKeySealer, new_master_key
from hanse.wallet.wallet import Wallet

DID = "did:web:localhost%3A8400:participants:acme"
CITY = "did:web:localhost%3A8400:participants:city"


def create(wallet, database, tenant="acme", did=DID):
    return asyncio.run(database.run(lambda tx: wallet.create(tx, tenant, did)))


def rotate(wallet, database, tenant="acme"):
    return asyncio.run(database.run(lambda tx: wallet.rotate(tx, tenant)))


def caller_of(wallet, clock, token, audience=CITY, tenant="acme"):
    document = asyncio.run(wallet.document(tenant))
    return drive(verify(token, audience, clock.now()), lambda _request: document)


def test_a_new_participant_has_a_key_that_is_stored_sealed(wallet, database, sealer, clock):
    record = create(wallet, database)
    assert database.keys.get("acme") == record
    assert (record.kid, record.number, record.did, record.created) == (f"{DID}#key-1", 1, DID, clock.now())
    private = sealer.unseal(record.sealed, tenant="acme", kid=record.kid)
    assert b'"d":' in private
    assert b'"d":' not in record.sealed
    assert set(record.public_jwk) == {"kty", "crv", "x", "y"}


def test_a_participant_gets_its_first_key_once(wallet, database):
    record = create(wallet, database)
    with pytest.raises(Conflict):
        create(wallet, database)
    assert database.keys.list("acme") == [record]


def test_the_document_names_key_and_services(database, sealer, clock):
    wallet = Wallet(
        database, sealer, clock, CountedIds(), lambda tenant, did: [Service(f"{did}#dsp", "Dsp", f"https://x.example/{tenant}")]
    )
    record = create(wallet, database)
    document = asyncio.run(wallet.document("acme"))
    assert (document.id, document.capability_invocation) == (DID, [record.kid])
    assert document.endpoint("Dsp") == "https://x.example/acme"
    assert document.verification_method[0].public_key_jwk == record.public_jwk


def test_its_tokens_are_its_own_fresh_and_good(wallet, database, clock):
    create(wallet, database)
    tokens = [asyncio.run(wallet.token_for("acme", CITY)) for _ in range(2)]
    callers = [caller_of(wallet, clock, token) for token in tokens]
    assert [caller.did for caller in callers] == [DID, DID]
    assert [caller.jti for caller in callers] == ["jti_1", "jti_2"]
    assert callers[0].expires - clock.now() <= timedelta(minutes=5, seconds=30)


def test_a_token_of_one_participant_is_no_token_of_another(wallet, database, clock):
    create(wallet, database)
    create(wallet, database, "city", CITY)
    token = asyncio.run(wallet.token_for("city", DID))
    assert caller_of(wallet, clock, token, DID, "city").did == CITY
    kids = {record.public_jwk["x"] for record in database.keys.rows.values()}
    assert len(kids) == 2


def test_its_statements_are_good(wallet, database, clock):
    create(wallet, database)
    body = Register("demo", [Member(CITY, "City", ["provider"], clock.now())])
    text = asyncio.run(wallet.sign("acme", REGISTER, body, version=3, lifetime=timedelta(hours=1)))
    document = asyncio.run(wallet.document("acme"))
    statement = drive(open_statement(text, REGISTER, Register, DID, clock.now()), lambda _request: document)
    assert (statement.body, statement.version) == (body, 3)


def test_who_is_not_here_gets_nothing(wallet, database):
    create(wallet, database)
    calls = [
        lambda: wallet.document("city"),
        lambda: wallet.token_for("city", DID),
        lambda: wallet.sign("city", REGISTER, Register("demo", []), version=1, lifetime=timedelta(hours=1)),
    ]
    for call in calls:
        with pytest.raises(NotFound):
            asyncio.run(call())
    with pytest.raises(NotFound):
        rotate(wallet, database, "city")


def test_the_newest_key_signs_and_the_old_one_stays_in_the_document(wallet, database, clock):
    first = create(wallet, database)
    before = asyncio.run(wallet.token_for("acme", CITY))
    second = rotate(wallet, database)
    wallet.forget("acme")
    after = asyncio.run(wallet.token_for("acme", CITY))
    assert (second.kid, second.number, second.did) == (f"{DID}#key-2", 2, DID)
    document = asyncio.run(wallet.document("acme"))
    assert [method.id for method in document.verification_method] == [first.kid, second.kid]
    assert [caller_of(wallet, clock, token).did for token in (before, after)] == [DID, DID]
    only_new = document.__class__(DID, verification_method=document.verification_method[1:], capability_invocation=[second.kid])
    assert drive(verify(after, CITY, clock.now()), lambda _request: only_new).did == DID


def test_a_key_is_parsed_once_and_looked_up_again_after_a_while(wallet, database, clock):
    create(wallet, database)
    for _ in range(5):
        asyncio.run(wallet.token_for("acme", CITY))
    assert database.reads == 1
    rotate(wallet, database)  # as another process would: nothing is forgotten here
    clock.advance(minutes=5)
    token = asyncio.run(wallet.token_for("acme", CITY))
    assert database.reads == 2
    document = asyncio.run(wallet.document("acme"))
    only_new = document.__class__(DID, verification_method=document.verification_method[1:], capability_invocation=[f"{DID}#key-2"])
    assert drive(verify(token, CITY, clock.now()), lambda _request: only_new).did == DID


def test_an_erased_participant_signs_no_more_once_forgotten(wallet, database):
    create(wallet, database)
    asyncio.run(wallet.token_for("acme", CITY))
    database.keys.rows.clear()
    wallet.forget("acme")
    with pytest.raises(NotFound):
        asyncio.run(wallet.token_for("acme", CITY))


def test_the_least_recently_used_key_leaves_memory_first(wallet, database, monkeypatch):
    monkeypatch.setattr(module, "CACHED_KEYS", 2)
    for name in ("a", "b", "c"):
        create(wallet, database, name, f"did:web:example.com:{name}")

    def reads_for(name):
        before = database.reads
        asyncio.run(wallet.token_for(name, CITY))
        return database.reads - before

    assert [reads_for(name) for name in ("a", "b", "a", "c", "a", "b")] == [1, 1, 0, 1, 0, 1]


def test_a_failed_transaction_leaves_no_key(wallet, database):
    def fail(tx):
        wallet.create(tx, "acme", DID)
        raise Conflict("something else in the same transaction")

    with pytest.raises(Conflict):
        asyncio.run(database.run(fail))
    assert database.keys.list("acme") == []
    with pytest.raises(NotFound):
        asyncio.run(wallet.token_for("acme", CITY))


def test_another_master_key_is_told_without_secrets(wallet, database, clock):
    record = create(wallet, database)
    other = Wallet(database, MasterKeySealer(new_master_key()), clock, CountedIds())
    with pytest.raises(Misconfigured) as caught:
        asyncio.run(other.token_for("acme", CITY))
    assert record.kid in str(caught.value)
    assert caught.value.where == "master_key"


def test_a_sealed_key_that_was_moved_to_another_participant_is_refused(wallet, database):
    import msgspec

    record = create(wallet, database)
    database.keys.put(msgspec.structs.replace(record, tenant="city"))
    with pytest.raises(Misconfigured):
        asyncio.run(wallet.token_for("city", CITY))
