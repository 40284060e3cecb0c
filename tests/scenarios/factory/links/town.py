"""Two spaces with anchors on one server: the harbour (anchor and provider `acme`, member `zoo`), and the meadow (anchor `other`).

The factory is `zoo`, unless a test says otherwise.
"""

from __future__ import annotations

from msgspec import structs

from hanse.anchor.rulebook.document import read, write
from hanse.evidence import kinds as k
from hanse.http.peer import PeerAnswer
from tests.unit.http.api.rig import ROOT, did_of

HARBOUR, MEADOW = f"{ROOT}/spaces/harbour", f"{ROOT}/spaces/meadow"


def escaped(name):
    return did_of(name).replace("%", "%25")


async def found_meadow(rig):
    await rig.good("POST", "/anchor", "other", body={"name": "meadow", "title": "The Meadow"})


async def enter(rig, name, anchor="other", url=MEADOW, roles=None):
    """Let a participant become a member by an invitation."""
    body = {"did": did_of(name)} | ({"roles": roles} if roles else {})
    invited = await rig.good("POST", "/anchor/invitations", anchor, body=body)
    joined = await rig.good("POST", "/space/join", name, body={"url": url, "invitation": invited["code"]})
    assert joined["state"] == "member", joined
    await rig.arrived()


async def expel(rig, anchor, name):
    await rig.good("POST", f"/anchor/members/{escaped(name)}/remove", anchor, body={"reason": "Unpaid."})
    await rig.arrived()


async def become(rig, name, *roles, anchor="acme"):
    """Give a member other roles, and let it get the credentials for them."""
    await rig.good("POST", f"/anchor/members/{escaped(name)}/roles", anchor, body={"roles": list(roles)})
    await rig.arrived()
    await rig.good("POST", "/wallet/requests", name, body={"issuer": did_of(anchor)})
    await rig.arrived()
    rig.clock.advance(seconds=2)


async def trust(rig, role, *what, anchor="acme"):
    """Publish the rulebook anew, in which a role is trusted with this."""
    book = read((await rig.good("GET", "/anchor/rulebook", anchor))["text"])
    roles = {**book.roles, role: structs.replace(book.roles[role], trust=list(what))}
    await rig.good("POST", "/anchor/rulebook", anchor, body={"text": write(structs.replace(book, roles=roles))})
    rig.clock.advance(seconds=2)


async def offer(rig, who, terms="members", text=None, **said):
    """Put a file on offer, one with this text in it if there is one; return (asset, the offer's id)."""
    path = rig.folder / who / ("data.csv" if text is None else f"{len(text)}.csv")
    if text is not None:
        path.write_text(text)
    source = {"kind": "file", "path": str(path)}
    asset = await rig.good("POST", "/assets", who, body={"source": source, "terms": [terms], **said})
    return asset, asset["dataset"]["offers"][0]["id"]


async def agree(rig, who, provider, asset):
    """Agree on what is on offer; return the contract."""
    body = {"peer": did_of(provider), "dataset": asset["id"], "offer": asset["dataset"]["offers"][0]["id"]}
    begun = await rig.good("POST", "/negotiations", who, body=body)
    shown = await rig.until(f"/negotiations/{begun['id']}", who, "FINALIZED", "TERMINATED")
    return shown["contract"] if shown["state"] == "FINALIZED" else None


async def contract_of(rig, who, id):
    return await rig.database.read(lambda tx: tx.contracts.get(who, id))


async def link(rig, who="zoo", space="harbour"):
    return await rig.good("GET", f"/links/one?space={space}", who)


async def set_mode(rig, mode, who="zoo", space="harbour", **said):
    return await rig.good("POST", "/links", who, body={"mode": mode, "space": space, **said})


async def refused(rig, mode, who="zoo", space="harbour", **said):
    """Set a mode that is not possible; return why."""
    status, answer = await rig.ask("POST", "/links", who, body={"mode": mode, "space": space, **said})
    assert (status, answer["type"]) == (409, "urn:hanse:problem:needs"), answer
    return answer["detail"]


def unmet(needs):
    return [one["what"] for one in needs if one["met"] is not True]


async def stated(rig, who):
    """Return all that a participant's log says, in its order."""
    found = []
    while (entry := await rig.database.read(lambda tx: tx.ledger.get(who, len(found)))) is not None:
        found.append(entry.says)
    return found


async def linked(rig, who="zoo"):
    """Return what the participant's log says of its links: (space, mode, before)."""
    return [(one.space.rpartition("/")[2], one.mode, one.before) for one in await stated(rig, who) if isinstance(one, k.Linked)]


async def may(rig, right, who="zoo", space=HARBOUR):
    return await rig.server.factory.links.links.may(who, space, right)


def away(rig, who):
    """Let nobody reach the protocol endpoint of this participant; nobody at all is away any more, if there is none."""
    rig.away = who
    if hasattr(rig, "reached"):
        return
    rig.reached = rig.peers.send

    async def send(method, url, body=None, headers=None, **said):
        if rig.away is not None and f"/participants/{rig.away}/dsp/" in url:
            return PeerAnswer(503, {}, b"")
        return await rig.reached(method, url, body, headers, **said)

    rig.peers.send = send
