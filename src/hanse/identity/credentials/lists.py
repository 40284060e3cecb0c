"""Credentials that carry a status list: made, opened, kept for a minute, and looked into (Bitstring Status List v1.0; StatusList2021).

A list counts if the issuer of the credential signed it, its dates hold, and it is the list that the credential names.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from hanse.identity.credentials.checks import check_validity, prove
from hanse.identity.credentials.issue import FORM, Draft, issue
from hanse.identity.credentials.model import Credential, Profile, earliest, refusal, said
from hanse.identity.credentials.read import as_list, read_credential
from hanse.identity.exchange import Answer, Exchange, FetchStatusList, Question
from hanse.identity.keys import SigningKey
from hanse.identity.self_issued import LEEWAY
from hanse.identity.status import MAX_ENCODED, MIN_ENTRIES, Bits, Form, Purpose, StatusEntry, decode_bits, encode_bits
from hanse.kernel.errors import Invalid, PeerError, Unauthenticated

MAX_LIST: Final = 2 * MAX_ENCODED
"""Bytes of a status list credential: a payload in base64 is a third larger than the list in it."""
REFRESH: Final = timedelta(seconds=60)
"""How long a list is kept: a revocation is seen after this time, at most."""
_KEPT_BYTES: Final = 32 * 1024 * 1024  # in one `StatusLists`
_OF: Final = "status list"


class _Subject(Struct, frozen=True, rename="camel"):
    type: Form
    status_purpose: str | list[str]
    encoded_list: Annotated[str, Meta(max_length=MAX_ENCODED)]


class _Unsigned(Struct, frozen=True, rename="camel"):
    """A list credential without any signature, as a compatibility kit serves it."""

    type: list[str]
    credential_subject: _Subject


class ListRules(Struct, frozen=True):
    """What a list must be. The default is the standard; anything else is for the compatibility kits of others, injected by tests.

    With `signed=False` a list in plain JSON is believed because of where it was fetched. `minimum` is in entries. A
    verifier that promises more than the default sets `refresh`: how long a list may be used before it is fetched again.
    """

    signed: bool = True
    minimum: int = MIN_ENTRIES
    refresh: timedelta = REFRESH


STANDARD: Final = ListRules()


class StatusList(Struct, frozen=True):
    """A list that was proved: what its bits mean, and until when it may be used without fetching it again."""

    form: Form
    purposes: tuple[str, ...]
    bits: Bits
    again: datetime


class StatusLists:
    """The lists that were opened during the last minute, by address and issuer, so that many credentials share one fetch.

    A verifier keeps one of these; without one, every list is fetched for every verification.
    """

    def __init__(self) -> None:
        self._lists: OrderedDict[tuple[str, str], StatusList] = OrderedDict()
        self._held = 0

    def get(self, url: str, issuer: str, now: datetime) -> StatusList | None:
        """Return the list, if it was opened and may still be used."""
        found = self._lists.get((url, issuer))
        return found if found is not None and now < found.again else None

    def put(self, url: str, issuer: str, opened: StatusList) -> None:
        """Keep a list that was opened. The oldest leave first."""
        before = self._lists.pop((url, issuer), None)
        self._lists[(url, issuer)] = opened
        self._held += len(opened.bits.data) - (len(before.bits.data) if before is not None else 0)
        while self._held > _KEPT_BYTES:
            _, oldest = self._lists.popitem(last=False)
            self._held -= len(oldest.bits.data)


def issue_list(
    key: SigningKey,
    url: str,
    bits: Bits,
    profile: Profile,
    now: datetime,
    *,
    purpose: Purpose = "revocation",
    lifetime: timedelta = timedelta(days=1),
) -> str:
    """Sign the list that will lie at `url` and return its credential as JWT, valid from `now` for `lifetime`."""
    form = FORM[profile]
    subject = {"id": f"{url}#list", "type": form, "statusPurpose": purpose, "encodedList": encode_bits(bits, form)}
    contexts = () if form == "BitstringStatusList" else ("https://w3id.org/vc/status-list/2021/v1",)
    draft = Draft(
        profile=profile,
        types=(form + "Credential",),
        subject=subject,
        valid_from=now,
        valid_until=now + lifetime,
        id=url,
        contexts=contexts,
    )
    return issue(key, draft, now, limit=MAX_LIST)


def open_list(
    raw: bytes, url: str, issuer: str, now: datetime, rules: ListRules = STANDARD, leeway: timedelta = LEEWAY
) -> Exchange[StatusList]:
    """Check the list credential that was fetched from `url` and return its list. Raises `Unauthenticated`, naming the check.

    `issuer` is the issuer of the credential that names the list: nobody else decides about it.
    """
    if len(raw) > MAX_LIST:
        raise refusal(f"It is larger than {MAX_LIST} bytes.", url, "status-list", of=_OF)
    if raw.lstrip()[:1] == b"{" and not rules.signed:
        return _list(_unsigned(raw, url), None, now, rules, url)
    try:
        read = read_credential(raw.decode("ascii").strip(), MAX_LIST)
    except UnicodeDecodeError as fault:
        raise refusal("It is not a JWT.", url, "status-list", of=_OF) from fault
    except Unauthenticated as fault:
        raise refusal(fault.message, url, "status-list", fault.hint, of=_OF) from fault
    credential = read.credential
    if credential.issuer != issuer:
        raise refusal("It was not made by the issuer of the credential.", url, "status-issuer", of=_OF)
    if credential.id is not None and credential.id != url:
        raise refusal("It is the list of another address.", url, "status-list", of=_OF)
    yield from prove(read.compact, issuer, "assertionMethod", read.signed, _OF)
    check_validity(credential.valid_from, credential.valid_until, now, leeway, _OF)
    return _list(_subject(credential, url), credential.valid_until, now, rules, url)


def check_status(
    credential: Credential, now: datetime, lists: StatusLists, rules: ListRules = STANDARD, leeway: timedelta = LEEWAY
) -> Generator[Question, Answer, datetime | None]:
    """Check every status entry of a credential; return when to look again (None without entries).

    A list that cannot be had or believed refuses the credential: a thief could withhold it. Raises `Unauthenticated`.
    """
    again: datetime | None = None
    for entry in credential.statuses:
        found = lists.get(entry.status_list_credential, credential.issuer, now)
        if found is None:
            found = yield from _fetched(entry, credential.issuer, now, rules, leeway)
            lists.put(entry.status_list_credential, credential.issuer, found)
        _check_entry(entry, found)
        again = earliest(again, found.again)
    return again


def _fetched(
    entry: StatusEntry, issuer: str, now: datetime, rules: ListRules, leeway: timedelta
) -> Generator[Question, Answer, StatusList]:
    url = entry.status_list_credential
    try:
        raw = yield FetchStatusList(url)
    except PeerError as fault:
        problem = "Its status list could not be fetched."
        raise refusal(problem, "credentialStatus", "status-unavailable", "Trying again can help.") from fault
    assert isinstance(raw, bytes)
    opened: StatusList = yield from open_list(raw, url, issuer, now, rules, leeway)
    return opened


def _check_entry(entry: StatusEntry, found: StatusList) -> None:
    if found.form != entry.form or entry.status_purpose not in found.purposes:
        raise refusal("Its status list is of another kind, or for another purpose.", "credentialStatus", "status-purpose")
    try:
        unset = not found.bits[entry.index]
    except Invalid as fault:
        raise refusal(fault.message, "credentialStatus.statusListIndex", "status-index") from None
    if not unset:
        word: Literal["revoked", "suspended"] = "revoked" if entry.status_purpose == "revocation" else "suspended"
        raise refusal(f"It is {word}.", "credentialStatus", word, "Ask its issuer.")


def _unsigned(raw: bytes, url: str) -> _Subject:
    try:
        read = msgspec.json.decode(raw, type=_Unsigned)
    except (ValueError, RecursionError) as fault:
        raise refusal("It does not have the shape of a list.", url, "status-list", of=_OF) from fault
    return read.credential_subject


def _subject(credential: Credential, url: str) -> _Subject:
    if len(credential.subjects) != 1:
        raise refusal("It has not exactly one subject.", url, "status-list", of=_OF)
    try:
        subject = msgspec.convert(dict(credential.subjects[0]), _Subject)
    except msgspec.ValidationError as fault:
        raise refusal(f"It does not have the shape of a list: {said(fault)}.", url, "status-list", of=_OF) from None
    if subject.type + "Credential" not in credential.types:
        raise refusal("It is not a credential of a status list.", url, "status-list", of=_OF)
    return subject


def _list(subject: _Subject, until: datetime | None, now: datetime, rules: ListRules, url: str) -> StatusList:
    try:
        bits = decode_bits(subject.encoded_list, minimum=rules.minimum)
    except Invalid as fault:
        raise refusal(fault.message, url, "status-list", of=_OF) from fault
    again = earliest(until, now + rules.refresh) or now
    return StatusList(subject.type, tuple(as_list(subject.status_purpose)), bits, again)
