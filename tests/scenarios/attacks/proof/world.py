"""A harbour with an issuer of its own beside the anchor, and the doors at which somebody can knock with a token."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec

from hanse.anchor.records import Approval, Published, Space
from hanse.app.build import Parts
from hanse.app.server import Server
from hanse.app.space import Made, add_participant, found_space, host_token
from hanse.http.guard import system_lookup
from hanse.identity.credentials.issue import Draft, issue, status_entry
from hanse.identity.credentials.lists import issue_list
from hanse.identity.credentials.model import BASE_CONTEXT, VC11, VC20, Profile, SchemaReference
from hanse.identity.dcp.messages import (
    CredentialId,
    CredentialMessage,
    CredentialObject,
    CredentialOfferMessage,
    CredentialRequestMessage,
    PresentationQueryMessage,
    PresentationResponseMessage,
    write,
)
from hanse.identity.dcp.scopes import parse_scopes
from hanse.identity.did import Service, did_document
from hanse.identity.keys import SigningKey
from hanse.identity.status import Bits, Purpose
from hanse.kernel.clock import Clock, SystemClock
from hanse.kernel.tenant import Did
from tests.scenarios.attacks.town import CONTEXT, Host, Operator, Outsider, check_problem, leaked, say

MEMBERSHIP, ENTITY = "MembershipCredential", "LegalEntityCredential"
SCOPE = f"org.eclipse.dspace.dcp.vc.type:{MEMBERSHIP}:read"
ASK = {"@context": CONTEXT, "@type": "CatalogRequestMessage"}


def publish(host: Host, space: Space, text: str) -> None:
    """Publish a rulebook, by as many people as it takes."""
    for name in ("Ann", "Bo"):
        by = Approval(operator=f"op-{name}", name=name, at=SystemClock().now())
        made = host.call(lambda s, by=by: s.management.rulebooks.publish(space.tenant, space.name, text, by))
        if isinstance(made, Published):
            return


class Ahead(SystemClock):
    """The machine's clock, which a test puts forward."""

    def __init__(self) -> None:
        self.by = timedelta()

    def now(self) -> datetime:
        return super().now() + self.by


class Issuer(Outsider):
    """An outsider that issues credentials and serves status lists. What lies at `files` it serves as it is."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.files: dict[str, bytes] = {}
        self.keys = [self.key]

    @property
    def root(self) -> str:
        return f"http://localhost:{self.port}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.path in self.files and handler.path not in self.answers:
            say(handler, 200, self.files[handler.path])
        else:
            super().answer(handler)

    def presentation(self, authorization: str) -> bytes:
        """Present everything it has, readable or not: put together by hand, one presentation for each data model."""
        old = [text for text in self.credentials if '"vc":' in json.dumps(claims_of(text))]
        made = [self._presented(texts, authorization) for texts in (old, [one for one in self.credentials if one not in old]) if texts]
        self.seen.update(made)
        return write(PresentationResponseMessage(presentation=[*(made or [self._presented([], authorization)])]))

    def _presented(self, texts: Sequence[str], authorization: str) -> str:
        now, old = int(time.time()), bool(texts) and "vc" in claims_of(texts[0])
        said = {"iss": self.did, "sub": self.did, "aud": claims_of(authorization)["iss"], "jti": uuid4().hex, "iat": now, "exp": now + 100}
        context = BASE_CONTEXT[VC11 if old else VC20]
        wrapped = [{"@context": context, "id": f"data:application/vc+jwt,{one}", "type": "EnvelopedVerifiableCredential"} for one in texts]
        body = {"@context": [context], "type": ["VerifiablePresentation"], "verifiableCredential": [*texts] if old else wrapped}
        payload = said | ({"vp": body} if old else body)
        return self.key.sign(json.dumps(payload).encode(), {"typ": "JWT" if old else "vp+jwt"})

    def did_document(self) -> bytes:
        services = [
            Service(f"{self.did}#cs", "CredentialService", self.root + self.dcp),
            Service(f"{self.did}#is", "IssuerService", f"{self.root}{self.dcp}/issuer"),
        ]
        return msgspec.json.encode(did_document(self.did, [(key.kid, key.public_jwk) for key in self.keys], services))

    def issue(
        self,
        holder: str,
        kind: str = ENTITY,
        *,
        days: float = 20,
        lists: Sequence[str] = (),
        schema: str = "",
        profile: Profile = VC20,
        key: SigningKey | None = None,
        **claims: Any,
    ) -> str:
        """Return a credential about the holder, whose revocation lies at index 7 of each of the lists."""
        now = datetime.now(UTC)
        draft = Draft(
            profile=profile,
            types=(kind,),
            subject={"country": "DE"} | claims | {"id": holder},
            valid_from=now - timedelta(seconds=1),
            valid_until=now + timedelta(days=days),
            statuses=tuple(status_entry(profile, "revocation", 7, url) for url in lists),
            schemas=(SchemaReference(schema, "JsonSchemaValidator2018"),) if schema else (),
        )
        made = issue(key or self.key, draft, now - timedelta(seconds=1))
        self.seen.add(made)
        return made

    def publish(self, path: str, *set_: int, purpose: Purpose = "revocation", key: SigningKey | None = None, url: str = "") -> str:
        """Publish a list with these bits set; return its address."""
        bits = Bits.zeros()
        for index in set_:
            bits = bits.with_bit(index, on=True)
        address = self.root + path
        made = issue_list(key or self.key, url or address, bits, VC20, datetime.now(UTC) - timedelta(seconds=1), purpose=purpose)
        self.files[path] = made.encode()
        return address


class Doors:
    """Every endpoint that takes a self-issued token, with what `member` has to say there to be heard."""

    NAMES = (
        "presentations/query",
        "credentials",
        "offers",
        "issuer/credentials",
        "issuer/requests",
        "applications",
        "fit",
        "standing",
        "catalog/request",
    )

    def __init__(self, host: Host, space: Space, acme: Made, member: Outsider) -> None:
        self.host, self.space, self.acme, self.member = host, space, acme, member
        self.client = httpx.Client(timeout=30)
        self.asked = self.ask(member.did)
        answer = self.knock("issuer/credentials", self.token("issuer/credentials"))
        self.request = answer.headers["location"].rpartition("/")[2]

    def audience(self, door: str) -> Did:
        return self.acme.did if door in {"presentations/query", "credentials", "offers", "catalog/request"} else self.space.anchor

    def token(self, door: str, **claims: Any) -> str:
        """Return a good token of the member's for that door, unless `claims` make it bad."""
        if door == "presentations/query":
            claims = {"token": self.access()} | claims
        return self.member.token(claims.pop("aud", self.audience(door)), **claims)

    def access(self, holder: str = "acme", bearer: str = "") -> str:
        """Return the access token by which a participant lets a peer (the member) read what it releases."""
        did = Did(bearer or self.member.did)
        token = self.host.call(lambda s: s.wallet.tokens.secure_token(holder, did, parse_scopes([SCOPE])))
        self.member.seen.add(token)
        return str(claims_of(token)["token"])

    def knock(self, door: str, token: str | None, *, host: Host | None = None, body: bytes | None = None) -> httpx.Response:
        """Go through that door with that token; wait where one is told to knock more slowly."""
        method, url = self.place(door, host or self.host)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        content = self.message(door) if body is None else body
        if content:
            headers["Content-Type"] = "application/json"
        while (answer := self.client.request(method, url, headers=headers, content=content)).status_code == 429:
            time.sleep(0.2)
        return answer

    def place(self, door: str, host: Host) -> tuple[str, str]:
        people, space = f"{host.root}/participants", f"{host.root}/spaces/{self.space.name}"
        return {
            "presentations/query": ("POST", f"{people}/{self.acme.name}/dcp/presentations/query"),
            "credentials": ("POST", f"{people}/{self.acme.name}/dcp/credentials"),
            "offers": ("POST", f"{people}/{self.acme.name}/dcp/offers"),
            "issuer/credentials": ("POST", f"{people}/{self.space.tenant}/dcp/issuer/credentials"),
            "issuer/requests": ("GET", f"{people}/{self.space.tenant}/dcp/issuer/requests/{getattr(self, 'request', 'none')}"),
            "applications": ("POST", f"{space}/applications"),
            "fit": ("POST", f"{space}/fit"),
            "standing": ("GET", f"{space}/standing"),
            "leave": ("POST", f"{space}/leave"),
            "catalog/request": ("POST", f"{people}/{self.acme.name}/dsp/2025-1/catalog/request"),
        }[door]

    def message(self, door: str) -> bytes:
        if door in {"issuer/requests", "standing"}:
            return b""
        if door in {"applications", "fit"}:
            return json.dumps({"name": "Outsider"}).encode()
        if door == "catalog/request":
            return json.dumps(ASK).encode()
        return b"{}" if door == "leave" else write(self._dcp(door))

    def _dcp(self, door: str) -> Any:
        if door == "presentations/query":
            return PresentationQueryMessage(scope=[SCOPE])
        if door == "offers":
            entry = CredentialObject(id="urn:offered", type="CredentialObject", credential_type=ENTITY, profile=VC20)
            return CredentialOfferMessage(issuer=self.member.did, credentials=[entry])
        if door == "credentials":
            return CredentialMessage(issuer_pid="there", holder_pid=self.asked, status="REJECTED", rejection_reason="No.")
        wanted = f"{self.space.url}/credentials/{MEMBERSHIP}/vc20-bssl-jwt"
        return CredentialRequestMessage(holder_pid=uuid4().hex, credentials=[CredentialId(wanted)])

    def ask(self, issuer: Did) -> str:
        """Let the provider ask somebody for a credential, so that it may deliver one; return the holderPid."""
        entry = CredentialObject(id="urn:asked", type="CredentialObject", credential_type=ENTITY, profile=VC20)

        async def work(server: Server) -> str:
            put = server.wallet.requests.put
            made = await server.ground.database.run(lambda tx: put(tx, self.acme.name, issuer, [entry], "by hand"))
            return made.holder_pid

        return str(self.host.call(work))


def claims_of(token: str) -> dict[str, Any]:
    """Return what a JWT says."""
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return found


def refused(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    """Check that an answer is an error in the form of its protocol, and quotes none of what outsiders sent."""
    assert not leaked(Outsider.seen, answer.text), answer.text
    if "/dsp/" not in str(answer.url):
        return check_problem(answer, *statuses)
    assert answer.status_code in statuses, answer.text
    body: dict[str, Any] = answer.json()
    return body


class Harbour:
    """A server with a space whose rulebook trusts `chamber` for legal entities; `member` is one, `stranger` is none."""

    def __init__(self, folder: Path, *, clock: Clock | None = None, names: Mapping[str, Sequence[str]] | None = None) -> None:
        self.folder, self.opened = folder, list[tuple[Any, ...]]()
        self.chamber, self.member, self.stranger = Issuer("chamber"), Issuer("member"), Issuer("stranger")
        self.outsiders = [self.chamber, self.member, self.stranger]
        allowed = tuple(f"localhost:{one.port}" for one in self.outsiders)
        (folder / "data").mkdir()
        self.file = folder / "data" / "rain.csv"
        self.file.write_text("day,rain\n" + "1,2\n" * 1000)
        parts = Parts(clock=clock or SystemClock(), lookup=_lookup(names or {}))
        self.host = Host(folder / "home", parts, peers_allow=allowed)
        self.keeper = self.host.call(host_token)
        self.space, anchor = self.host.call(lambda s: found_space(s, "port", "Port"))
        self.made: dict[str, Made] = {"anchor": anchor}
        for name in ("acme", "zoo"):
            self.made[name] = self.host.call(lambda s, n=name: add_participant(s, self.space, n, n.title(), roots=(str(folder / "data"),)))
        self.operators = {name: Operator(self.host.root, one.token) for name, one in self.made.items()}
        self.secrets = {self.keeper, *(one.token for one in self.made.values())}
        self.publish(lambda text: text)
        self.member.enter(self.host, self.space)
        self.doors = Doors(self.host, self.space, self.made["acme"], self.member)
        self.asset = self.operators["acme"](
            "POST", "/assets", {"source": {"kind": "file", "path": str(self.file)}, "terms": ["members"], "title": "Rain"}
        )
        self._count_sockets()

    def close(self) -> None:
        self.host.stop()
        for one in self.outsiders:
            one.close()

    def publish(self, change: Callable[[str], str], space: Space | None = None) -> None:
        """Publish the space's rulebook with the chamber in it, after another change of its text."""
        where = space or self.space
        text = self.host.call(lambda s: s.management.rulebooks.published(where.name)).text
        if ENTITY not in text.split("\ncredentials:")[1]:
            issuer = f"      - did: {self.chamber.did}\n        claims: {{country: [DE, FI]}}\n        lifetime: 30 days\n"
            text = text.replace("\ncredentials:\n", f"\ncredentials:\n  {ENTITY}:\n    title: Entity\n    issuers:\n{issuer}", 1)
            rule = f"  automatic:\n    - roles: [consumer]\n      needs: [{ENTITY}]\n      claims: {{country: [DE]}}\n"
            text = text.replace("  approvals: 1\n", f"  approvals: 1\n{rule}", 1)
        publish(self.host, where, change(text))

    def catalogue(self, caller: Outsider | None = None) -> httpx.Response:
        """Ask the provider for its catalogue, as an outsider that presents all that it holds."""
        return self.doors.knock("catalog/request", (caller or self.member).token(self.made["acme"].did, token=uuid4().hex))

    def holding(self, *texts: str) -> httpx.Response:
        """Ask for the catalogue as the member, which presents these credentials besides its own."""
        before = self.member.credentials
        self.member.credentials = [*before, *texts]
        try:
            return self.catalogue()
        finally:
            self.member.credentials = before

    def applying(self, *texts: str, door: str = "fit") -> httpx.Response:
        """Ask the anchor about an application of the stranger's, which presents these credentials."""
        self.stranger.credentials = [*texts]
        token = self.stranger.token(self.space.anchor, token=uuid4().hex)
        return self.doors.knock(door, token, body=json.dumps({"name": "Stranger", "roles": ["consumer"]}).encode())

    def started(self, consumer: str = "zoo", asset: Any = None) -> tuple[str, dict[str, Any]]:
        """Let a participant of this server negotiate and fetch; return its transfer's id and the address of the data."""
        chosen, one = asset or self.asset, self.operators[consumer]
        offer = chosen["dataset"]["offers"][0]["id"]
        begun = one("POST", "/negotiations", {"peer": self.made["acme"].did, "dataset": chosen["id"], "offer": offer})
        agreed = one.until(f"/negotiations/{begun['id']}", "FINALIZED")
        transfer = one("POST", "/transfers", {"contract": agreed["contract"]})
        one.until(f"/transfers/{transfer['id']}", "STARTED")
        address = one("GET", f"/transfers/{transfer['id']}/address")
        self.secrets |= {value for name, value in address["properties"].items() if name in {"authorization", "refreshToken"}}
        return transfer["id"], address

    def credential(self, name: str, kind: str = MEMBERSHIP) -> str:
        """Return our id of the live credential that the anchor has issued to a participant."""
        did = self.made[name].did
        found = self.host.call(lambda s: s.management.issuing.page(self.space.tenant, self.space.name, holder=did))
        return next(one.id for one in reversed(found) if one.type == kind and not one.status)

    def _count_sockets(self) -> None:
        client = self.host.server.ground.client
        inner = client._sockets

        def counted(info: tuple[Any, ...]) -> Any:
            self.opened.append(info[4])
            return inner(info)

        client._sockets = counted


def _lookup(names: Mapping[str, Sequence[str]]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    async def lookup(host: str, port: int) -> Sequence[str]:
        return names[host] if host in names else await system_lookup(host, port)

    return lookup
