"""Statements between two parties: who may state what, once; and every way to cheat."""

import asyncio
import json

import msgspec
import pytest

from hanse.evidence import kinds as k
from hanse.evidence.dsse import read_envelope, seal
from hanse.evidence.statement import Subject, statement_of, write_statement
from hanse.identity.exchange import drive
from hanse.identity.keys import SigningKey
from hanse.kernel.errors import CallerError, Conflict, Forbidden, Invalid, NotFound, PeerInvalid, TooLarge, Unauthenticated
from hanse.ledger.exchange import LETTER, check_receipt
from hanse.ledger.records import Delivery
from tests.unit.ledger.town import ACME, AGREEMENT, NOW, OWL, ZOO, did

STATED = k.UseStated(agreement=AGREEMENT, purpose="https://w3id.org/dpv#ServiceProvision")


async def envelope(town, says=STATED, sender=ZOO):
    """State something and return the envelope that would be posted."""
    await town.evidence.send(sender, says)
    return town.letters.queued[-1]["body"]


def test_a_statement_is_kept_by_both_and_acknowledged(in_town):
    async def scenario(town):
        sent = await town.evidence.send(ZOO, STATED)
        assert (sent.state, sent.to, sent.kind, sent.index) == (Delivery.WAITING, did(ACME), "use-stated", 0)
        letter = town.letters.queued[0]
        assert (letter["service"], letter["kind"], letter["about"], letter["to"]) == ("EvidenceService", LETTER, sent.id, did(ACME))
        receipt = await town.deliver(letter["body"])
        await town.drive(check_receipt(receipt, letter["body"], did(ZOO), did(ACME), NOW.timestamp()))
        await town.database.run(lambda tx: town.evidence.arrived(tx, ZOO, sent.id, receipt))
        assert (await town.evidence.settled(ZOO, sent.id, 1)).state is Delivery.ACKNOWLEDGED
        theirs, ours = await town.ledger.get(ZOO, 0), await town.ledger.get(ACME, 0)
        assert theirs.raw == ours.raw
        assert ours.signer == did(ZOO)
        assert (await town.ledger.verify(ACME)).sound
        stated = await town.database.read(lambda tx: town.evidence.stated(tx, ACME, AGREEMENT))
        assert (stated.says.purpose, stated.signer) == (STATED.purpose, did(ZOO))
        assert await town.database.read(lambda tx: town.evidence.stated(tx, ACME, "agr_owl")) is None

    in_town(scenario)


def test_the_same_again_is_the_same_and_stored_once(in_town):
    async def scenario(town):
        raw = await envelope(town)
        first, second = await town.deliver(raw), await town.deliver(raw)
        said = [statement_of(read_envelope(one)).predicate for one in (first, second)]
        assert said[0].statement == said[1].statement
        assert said[0].index == said[1].index == 0
        assert (await town.ledger.verify(ACME)).size == 1

    in_town(scenario)


def test_another_signature_of_the_same_statement_is_the_same_statement(in_town):
    """An ECDSA signature can be made anew, or turned over, without its text: that must not count as a second statement."""

    async def scenario(town):
        raw = await envelope(town)
        await town.deliver(raw)
        one = read_envelope(raw)
        pen = await town.database.run(lambda tx: town.signing.pen(tx, ZOO))
        again = msgspec.structs.replace(one, signature=pen.sign(one.signed)).encode()
        assert again != raw
        await town.deliver(again)
        assert (await town.ledger.verify(ACME)).size == 1

    in_town(scenario)


def test_what_was_stated_last_counts_and_an_old_one_cannot_come_back(in_town):
    async def scenario(town):
        old = await envelope(town)
        await town.deliver(old)
        await town.deliver(await envelope(town, k.UseStated(agreement=AGREEMENT, purpose="urn:other")))
        await town.deliver(old)
        stated = await town.database.read(lambda tx: town.evidence.stated(tx, ACME, AGREEMENT))
        assert stated.says.purpose == "urn:other"

    in_town(scenario)


async def made(town, *, of=k.UseStated, by=None, key=None, subject=None, **fields):
    """Return an envelope of zoo's that no honest side would make."""
    pen = await town.database.run(lambda tx: town.signing.pen(tx, ZOO))
    base = {"id": "led_x", "by": did(ZOO), "to": did(ACME), "agreement": AGREEMENT, "at": NOW, "purpose": "urn:p"}
    says = of(**{name: value for name, value in (base | fields).items() if name in of.__struct_fields__})
    body = write_statement(subject or Subject.of(says.agreement or "x", "ab" * 32), says)
    return seal(body, by or pen.kid, key.sign_bytes if key else pen.sign).encode()


REFUSED = {
    "to somebody else": ({"to": did(OWL)}, Invalid, "audience"),
    "to nobody": ({"to": ""}, Invalid, "audience"),
    "said to be by somebody else": ({"by_": did(OWL)}, Unauthenticated, "signer"),
    "about no agreement": ({"agreement": "agr_none"}, NotFound, "agreement"),
    "about the other party's agreement": ({"agreement": "agr_owl"}, NotFound, "agreement"),
    "about other terms": ({"subject": Subject.of(AGREEMENT, "ef" * 32)}, Invalid, "agreement-differs"),
    "about another subject": ({"subject": Subject.of("agr_owl", "ab" * 32)}, Invalid, "subject"),
    "without an id": ({"id": ""}, Invalid, "subject"),
    "from the future": ({"at": NOW.replace(year=2028)}, Invalid, "not-yet"),
    "from long ago": ({"at": NOW.replace(year=2026)}, Invalid, "expired"),
}


@pytest.mark.parametrize(("changes", "error", "rule"), REFUSED.values(), ids=REFUSED)
def test_a_statement_that_is_not_ones_own_to_make_is_refused(in_town, changes, error, rule):
    async def scenario(town):
        fields = dict(changes)
        if "by_" in fields:
            pen = await town.database.run(lambda tx: town.signing.pen(tx, ZOO))
            says = k.UseStated(id="led_x", by=fields["by_"], to=did(ACME), agreement=AGREEMENT, at=NOW, purpose="urn:p")
            raw = seal(write_statement(Subject.of(AGREEMENT, "ab" * 32), says), pen.kid, pen.sign).encode()
        else:
            raw = await made(town, **fields)
        with pytest.raises(error) as refused:
            await town.deliver(raw)
        assert refused.value.rule == rule
        assert (await town.ledger.verify(ACME)).size == 0

    in_town(scenario)


def test_a_good_one_of_that_make_is_taken(in_town):
    async def scenario(town):
        await town.deliver(await made(town))
        assert (await town.ledger.verify(ACME)).size == 1

    in_town(scenario)


def test_a_forged_signature_proves_nothing(in_town):
    async def scenario(town):
        stranger = SigningKey.generate(f"{did(ZOO)}#key-1")
        for raw in (
            await made(town, key=stranger),
            await made(town, by=f"{did(ZOO)}#key-7"),
            await made(town, by=f"{did(OWL)}#key-1"),
            await made(town, by="no-did"),
        ):
            with pytest.raises(Unauthenticated):
                await town.deliver(raw)
        assert (await town.ledger.verify(ACME)).size == 0

    in_town(scenario)


def test_an_honest_statement_of_somebody_else_cannot_be_sent_on(in_town):
    async def scenario(town):
        raw = await envelope(town)
        with pytest.raises(Unauthenticated):
            await town.deliver(raw, sender=OWL)
        with pytest.raises(Unauthenticated):
            await town.deliver(raw, sender=ACME)
        with pytest.raises(CallerError):
            await town.deliver(raw, sender=ZOO, to=OWL)

    in_town(scenario)


def test_a_compromised_key_signs_nothing_whatever_date_it_writes(in_town):
    async def scenario(town):
        raw = await envelope(town)
        kid = f"{did(ZOO)}#key-1"
        await town.database.run(lambda tx: town.wallet.compromise(tx, ZOO, kid, NOW))
        with pytest.raises(Unauthenticated) as refused:
            await town.deliver(raw)
        assert refused.value.rule in ("key-revoked", "key-unknown")

    in_town(scenario)


def test_another_statement_under_a_known_id_is_refused(in_town):
    async def scenario(town):
        await town.deliver(await made(town, id="led_same"))
        with pytest.raises(Conflict):
            await town.deliver(await made(town, id="led_same", purpose="urn:other"))
        own = await town.append(ACME, k.Notice(agreement=AGREEMENT, about="x", text="y"))
        with pytest.raises(Conflict):
            await town.deliver(await made(town, id=own.id))

    in_town(scenario)


@pytest.mark.parametrize("kind", [k.UseStated, k.UsageReport, k.Receipt])
def test_a_provider_states_no_use(in_town, kind):
    async def scenario(town):
        fields = {"what": "deleted", "count": 0, "root": k_empty(), "since": NOW, "uses": 0}
        pen = await town.database.run(lambda tx: town.signing.pen(tx, ACME))
        chosen = {name: value for name, value in fields.items() if name in kind.__struct_fields__}
        says = kind(id="led_x", by=did(ACME), to=did(ZOO), agreement=AGREEMENT, at=NOW, **chosen)
        raw = seal(write_statement(Subject.of(AGREEMENT, "ab" * 32), says), pen.kid, pen.sign).encode()
        with pytest.raises(Forbidden):
            await town.deliver(raw, sender=ACME, to=ZOO)

    in_town(scenario)


def k_empty():
    return "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_receipts_of_ours_are_not_statements_to_be_taken(in_town):
    async def scenario(town):
        raw = await made(town, of=k.Acknowledged, kind="use-stated", statement="ab" * 32, index=0)
        with pytest.raises(Forbidden):
            await town.deliver(raw)

    in_town(scenario)


def test_large_and_deep_ones_are_refused_before_anything_is_fetched(in_town):
    async def scenario(town):
        with pytest.raises(TooLarge):
            town.evidence.open(b"x" * 1_000_000, did(ZOO))
        deep = json.dumps({"payloadType": "application/vnd.in-toto+json"}).encode()[:-1] + b',"payload":' + b"[" * 100_000
        with pytest.raises(CallerError):
            town.evidence.open(deep, did(ZOO))

    in_town(scenario)


def test_a_receipt_for_something_else_proves_nothing(in_town):
    async def scenario(town):
        one, other = await envelope(town), await envelope(town)
        receipt = await town.deliver(one)
        good = (one, did(ZOO), did(ACME))
        assert await town.drive(check_receipt(receipt, *good, NOW.timestamp())) == receipt
        for raw, (statement, sender, peer) in (
            (receipt, (other, did(ZOO), did(ACME))),
            (receipt, (one, did(OWL), did(ACME))),
            (receipt, (one, did(ZOO), did(OWL))),
            (one, good),
            (b"{}", good),
            (b"", good),
        ):
            with pytest.raises(PeerInvalid):
                await town.drive(check_receipt(raw, statement, sender, peer, NOW.timestamp()))

    in_town(scenario)


def test_a_peer_without_the_service_gets_nothing_and_the_record_says_so(in_town):
    async def scenario(town):
        town.lists.discard(ACME)
        sent = await town.evidence.send(ZOO, STATED)
        assert sent.state is Delivery.ONE_SIDED
        assert "EvidenceService" in sent.reason
        assert town.letters.queued == []
        assert (await town.ledger.verify(ZOO)).size == 1
        assert (await town.evidence.settled(ZOO, sent.id, 5)).state is Delivery.ONE_SIDED

    in_town(scenario)


def test_a_peer_that_turns_out_to_have_no_service_makes_it_one_sided(in_town):
    async def scenario(town):
        sent = await town.database.run(lambda tx: town.evidence.state(tx, ZOO, STATED))
        assert sent.state is Delivery.WAITING
        town.lists.discard(ACME)
        assert await town.peers.look(did(ACME)) is False
        await town.database.run(lambda tx: town.evidence.lost(tx, ZOO, sent.id, "There is no such service."))
        found = await town.evidence.sent(ZOO, sent.id)
        assert (found.state, "only we hold" in found.reason) == (Delivery.ONE_SIDED, True)

    in_town(scenario)


def test_whether_a_peer_has_the_service_is_known_for_five_minutes(in_town):
    async def scenario(town):
        assert town.peers.known(did(ACME)) is None
        assert await town.peers.look(did(ACME)) is True
        town.lists.discard(ACME)
        assert await town.peers.look(did(ACME)) is True
        assert len(town.asked) == 1
        town.clock.advance(minutes=5)
        assert town.peers.known(did(ACME)) is None
        assert await town.peers.look(did(ACME)) is False
        assert await town.peers.look(did("nobody")) is None
        assert town.peers.known(did("nobody")) is None

    in_town(scenario)


def test_who_waits_is_woken_by_the_receipt(in_town):
    async def scenario(town):
        sent = await town.evidence.send(ZOO, STATED)
        waiting = asyncio.ensure_future(town.evidence.settled(ZOO, sent.id, 30))
        while (ZOO, sent.id) not in town.evidence._waiting:  # noqa: ASYNC110 - what it waits for is one turn of the loop away
            await asyncio.sleep(0)
        await town.database.run(lambda tx: town.evidence.lost(tx, ZOO, sent.id, "It would not."))
        found = await waiting
        assert (found.state, found.reason) == (Delivery.REFUSED, "It would not.")
        with pytest.raises(NotFound):
            await town.evidence.settled(ZOO, "led_none", 1)
        later = await town.evidence.send(ZOO, STATED)
        assert (await town.evidence.settled(ZOO, later.id, 0)).state is Delivery.WAITING

    in_town(scenario)


def test_who_registered_for_a_kind_acts_once_in_the_transaction(in_town):
    async def scenario(town):
        heard = []
        town.evidence.register(k.AgreementEnded, lambda tx, tenant, parties, says: heard.append((tenant, parties.peer, says.how)))
        raw = await envelope(town, k.AgreementEnded(agreement=AGREEMENT, how="notice", reason="Enough."))
        await town.deliver(raw)
        await town.deliver(raw)
        assert heard == [(ACME, did(ZOO), "notice")]

    in_town(scenario)


def test_the_exchange_asks_for_one_document_alone(in_town):
    async def scenario(town):
        raw, asked = await envelope(town), []
        document = await town.wallet.document(ZOO)

        def resolve(request):
            asked.append(request.did)
            return document

        drive(town.evidence.open(raw, did(ZOO)), resolve)
        assert asked == [did(ZOO)]

    in_town(scenario)
