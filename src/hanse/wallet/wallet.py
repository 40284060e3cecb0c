"""The wallet of every participant on this server: its keys, and what they sign."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from msgspec import Struct, structs

from hanse.identity.credentials import lists
from hanse.identity.credentials.issue import Draft
from hanse.identity.credentials.issue import issue as issue_credential
from hanse.identity.credentials.model import Profile
from hanse.identity.did import DidDocument, PublishedKey, Service, did_document, key_id
from hanse.identity.keys import KindName, SigningKey
from hanse.identity.self_issued import issue as issue_token
from hanse.identity.statements import sign_statement
from hanse.identity.status import Bits, Purpose
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, Invalid, NotFound
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant
from hanse.wallet import keys as life
from hanse.wallet.keys import KEY_AGE, KeyInfo
from hanse.wallet.ports import Database, KeysChanged, SealedKey, Sealer, ServicesOf, WalletTx

CACHED_KEYS: Final = 1024
"""Parsed signing keys kept in memory, the least recently used leave first."""
_LAST_YEAR: Final = 9998  # so that rounding up does not lead out of what a datetime can hold


def no_services(_tenant: Tenant, _did: Did) -> Sequence[Service]:
    """Return no services: a participant that nobody can ask for credentials."""
    return ()


class _Parsed(NamedTuple):
    key: SigningKey
    record: SealedKey
    since: datetime


class Wallet:
    """Keys, DID documents and signatures, by participant. What a key's life looks like is told in `wallet.keys`.

    Private keys do not leave the wallet's room: other rooms get signatures. Methods that take `tx` work in somebody's
    transaction; after it, `forget` has to be called in every process (`KeysChanged` is emitted for that), or else the old key
    signs there for up to `KEY_AGE`.
    """

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        clock: Clock,
        ids: Ids,
        services: ServicesOf = no_services,
        further: Callable[[Did], Sequence[PublishedKey]] = lambda _: (),
    ) -> None:
        """Take the ports; `services` and `further` tell what the DID documents name as services, and as keys beside the wallet's."""
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._ids = ids
        self._services = services
        self._further = further
        self._parsed: OrderedDict[Tenant, _Parsed] = OrderedDict()
        self._forgotten = 0

    def create(self, tx: WalletTx, tenant: Tenant, did: Did, kind: KindName = "P-256") -> SealedKey:
        """Make the first key of a new participant, inside somebody's transaction. Raises `Conflict` if there is one."""
        if tx.keys.get(tenant) is not None:
            raise Conflict(f"The participant {tenant} has a key already.", where="tenant")
        return self._add(tx, tenant, did, 1, kind)

    def rotate(self, tx: WalletTx, tenant: Tenant, kind: KindName | None = None) -> SealedKey:
        """Add a key that signs from now on, of the same kind as the last unless another is named, and retire the last.

        What the retired key signed stays good: see `wallet.keys`. Raises `NotFound` if the participant has none, and
        `Conflict` if too many are in use. Making an RSA key takes some tenths of a second, in which the transaction is held.
        """
        now = self._clock.now()
        keys = life.all_keys(tx, tenant)
        life.check_room(keys, now)
        for key in keys:
            _put(tx, key, life.tidied(life.retired(key, now), now))
        tx.emit(KeysChanged(tenant))
        return self._add(tx, tenant, keys[-1].did, keys[-1].number + 1, kind or keys[-1].kind)

    def compromise(self, tx: WalletTx, tenant: Tenant, kid: str, since: datetime) -> SealedKey:
        """Declare that somebody else may have had the key since that moment; return the key that signs from now on.

        The private key is destroyed, and a key that is still in use is replaced, in the same transaction. In the DID document it
        loses `authentication` and `capabilityInvocation` at once: whoever reads the document anew (we do so every 5 minutes) takes
        no token and no presentation of it any more. It stays in `assertionMethod` with `revoked` while
        credentials that it signed live, so that those of before `since` count and those of after do not.

        What this cannot do: a thief writes into a credential whatever moment it likes, so it can date one back, and a
        peer that does not read `revoked` takes even those that are not. So the issuer has to issue what it signed anew, under
        the new key, and then to call `release`: the old key leaves the document, and with it everything that it ever signed.

        The earliest moment that was ever named counts. Raises `Invalid` for one in the future or without zone, and `NotFound`.
        """
        now = self._clock.now()
        if since.tzinfo is None or since > now:
            raise Invalid("A key was compromised at a moment that has been, with a time zone.", where="since")
        keys = life.all_keys(tx, tenant)
        key = _named(keys, kid)
        _put(tx, key, life.compromised(key, since, now))
        tx.emit(KeysChanged(tenant))
        return keys[-1] if key is not keys[-1] else self._add(tx, tenant, key.did, key.number + 1, key.kind)

    def release(self, tx: WalletTx, tenant: Tenant, kid: str) -> SealedKey:
        """Let a key leave the DID document, because everything that it signed has been signed anew. Raises `NotFound`.

        A retired key stays for the rest of its grace, for the tokens that it signed; a compromised one leaves at once.
        Raises `Conflict` for the key that signs now.
        """
        key = _named(life.all_keys(tx, tenant), kid)
        if key.retired is None:
            raise Conflict("This key signs now.", where="kid", rule="key-active", hint="Rotate it first.")
        released = structs.replace(key, needed_until=None)
        _put(tx, key, released)
        return released

    def tidy(self, tx: WalletTx, now: datetime) -> int:
        """Destroy the private part of every participant's keys whose grace is over; return how many. A chore, now and then."""
        return sum(_put(tx, key, life.tidied(key, now)) for key in tx.keys.former())

    async def keys(self, tenant: Tenant) -> list[KeyInfo]:
        """Return what people may know of the participant's keys, the oldest first. Raises `NotFound`."""
        return [life.info(key) for key in await self._database.read(lambda tx: life.all_keys(tx, tenant))]

    async def document(self, tenant: Tenant) -> DidDocument:
        """Return the participant's DID document, its keys as `wallet.keys` tells, the oldest first. Raises `NotFound`."""
        keys = await self._database.read(lambda tx: life.all_keys(tx, tenant))
        did = keys[-1].did
        return did_document(did, [*self._further(did), *life.published(keys, self._clock.now())], self._services(tenant, did))

    async def signing_key(self, tenant: Tenant) -> SigningKey:
        """Return the participant's newest key, for tokens and presentations made in this room. Raises `NotFound`.

        What others keep for longer than a token lives is signed by `issue`, `issue_list` and `sign`: they take care that the
        key can be found as long as it is needed.
        """
        return (await self._entry(tenant)).key

    async def key_named(self, tenant: Tenant, kid: str) -> SigningKey:
        """Return the participant's key of that name, for what was encrypted to it. Raises `NotFound` if its private part is gone."""
        record = _named(await self._database.read(lambda tx: life.all_keys(tx, tenant)), kid)
        if not record.sealed:
            raise NotFound("The private part of this key is destroyed.", where="kid", hint="Have it encrypted anew, to the key of now.")
        return SigningKey.from_private_jwk(self._sealer.unseal(record.sealed, tenant=tenant, kid=kid), kid)

    async def token_for(self, tenant: Tenant, audience: str) -> str:
        """Return a fresh self-issued token of the participant for `audience`, a DID (DCP 1.0, 4.3). Raises `NotFound`."""
        key = await self.signing_key(tenant)
        return issue_token(key, key.did, audience, self._clock.now(), self._ids.new("jti"))

    async def token_carrying(self, tenant: Tenant, audience: str, token: str) -> str:
        """Return a fresh self-issued token whose `token` claim is `token` (DCP 1.0, 4.3; DPS, token renewal). Raises `NotFound`."""
        key = await self.signing_key(tenant)
        return issue_token(key, key.did, audience, self._clock.now(), self._ids.new("jti"), token=token)

    async def issue(self, tenant: Tenant, draft: Draft) -> tuple[str, str]:
        """Sign a credential as JWT; return it with the name of the key (kid). Raises `NotFound`, and `Invalid` as `issue` states there.

        It has an end, or its key would have to stay for ever.
        """
        end = draft.valid_until
        if end is None or end.tzinfo is None or end.year > _LAST_YEAR:
            raise Invalid(f"A credential that is signed here has an end, with a time zone, until {_LAST_YEAR}.", where="valid_until")
        key = await self._key_until(tenant, end)
        return issue_credential(key, draft, self._clock.now()), key.kid

    async def issue_list(
        self,
        tenant: Tenant,
        url: str,
        bits: Bits,
        profile: Profile,
        purpose: Purpose = "revocation",
        lifetime: timedelta = timedelta(days=1),
    ) -> str:
        """Return the status list credential that will lie at `url`, valid from now for `lifetime`. Raises `NotFound` and `Invalid`."""
        now = self._clock.now()
        key = await self._key_until(tenant, now + lifetime)
        return lists.issue_list(key, url, bits, profile, now, purpose=purpose, lifetime=lifetime)

    async def sign(self, tenant: Tenant, kind: str, body: Struct, *, version: int, lifetime: timedelta) -> str:
        """Return a statement of the participant, see `identity.statements`. Raises `NotFound`, and `Invalid` as stated there."""
        now = self._clock.now()
        key = await self._key_until(tenant, now + lifetime)
        return sign_statement(key, kind, body, version=version, now=now, lifetime=lifetime)

    def forget(self, tenant: Tenant) -> None:
        """Drop the participant's parsed key from memory; to be called after its keys were rotated or erased."""
        self._parsed.pop(tenant, None)
        self._forgotten += 1

    def _add(self, tx: WalletTx, tenant: Tenant, did: Did, number: int, kind: KindName) -> SealedKey:
        kid = key_id(did, number)
        key = SigningKey.generate(kid, kind)
        sealed = self._sealer.seal(key.to_private_jwk(), tenant=tenant, kid=kid)
        record = SealedKey(tenant, did, kid, number, key.public_jwk, sealed, self._clock.now(), kind)
        tx.keys.put(record)
        return record

    async def _key_until(self, tenant: Tenant, end: datetime) -> SigningKey:
        """Return the newest key, once the database knows that it is needed until `end`: one write a day, not one a signature."""
        until = life.whole_day(end)
        entry = await self._entry(tenant)
        if life.needed(entry.record, until) is not entry.record:
            forgotten = self._forgotten
            entry = self._keep(await self._database.run(lambda tx: _needed(tx, tenant, until)), forgotten)
        return entry.key

    async def _entry(self, tenant: Tenant) -> _Parsed:
        entry = self._parsed.get(tenant)
        if entry is not None and self._clock.now() - entry.since < KEY_AGE:
            self._parsed.move_to_end(tenant)
            return entry
        forgotten = self._forgotten
        return self._keep(await self._database.read(lambda tx: life.newest(tx, tenant)), forgotten)

    def _keep(self, record: SealedKey, forgotten: int) -> _Parsed:
        tenant = record.tenant
        before = self._parsed.get(tenant)
        if before is not None and before.record.sealed == record.sealed:
            key = before.key
        else:
            private = self._sealer.unseal(record.sealed, tenant=tenant, kid=record.kid)
            key = SigningKey.from_private_jwk(private, record.kid)
        entry = _Parsed(key, record, self._clock.now())
        if forgotten == self._forgotten:  # else it may have been read just before a rotation
            self._parsed[tenant] = entry
            self._parsed.move_to_end(tenant)
            if len(self._parsed) > CACHED_KEYS:
                self._parsed.popitem(last=False)
        return entry


def _needed(tx: WalletTx, tenant: Tenant, until: datetime) -> SealedKey:
    key = life.newest(tx, tenant)
    changed = life.needed(key, until)
    _put(tx, key, changed)
    return changed


def _put(tx: WalletTx, before: SealedKey, after: SealedKey) -> bool:
    """Store what changed; tell whether anything did."""
    if after is before:
        return False
    tx.keys.put(after)
    return True


def _named(keys: Sequence[SealedKey], kid: str) -> SealedKey:
    for key in keys:
        if key.kid == kid:
            return key
    raise NotFound("The participant has no such key.", where="kid", hint="Its list of keys names them.")
