"""Spaces anchored here, their rulebooks, members and invitations, and the highest versions seen of any space's register."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.anchor.records import Invitation, Member, Published, Space
from hanse.anchor.standing import Status
from hanse.kernel.tenant import Did, Tenant
from hanse.storage.rows import Rows
from hanse.storage.stores.documents import Documents, Shape

_SPACE = Shape("spaces", Space, ("name",), ("tenant",))
_MEMBER = Shape("members", Member, ("space", "did"), ("tenant", "status"))
_RULEBOOK = Shape("rulebooks", Published, ("space", "version"), ("tenant",))
_INVITATION = Shape("invitations", Invitation, ("id",), ("tenant", "space"))
_SPACES = "SELECT doc FROM spaces WHERE tenant = ? AND name > ? ORDER BY name LIMIT ?"
_MEMBERS = "SELECT doc FROM members WHERE space = ? AND did > ? ORDER BY did LIMIT ?"
_MEMBERS_OF = "SELECT doc FROM members WHERE space = ? AND status = ? AND did > ? ORDER BY did LIMIT ?"
_UNPROVIDED = (
    "SELECT doc FROM members WHERE space = ? AND status = 'active' AND did > ? AND NOT EXISTS (SELECT 1 FROM issued_credentials"
    " WHERE issued_credentials.space = members.space AND issued_credentials.holder = members.did) ORDER BY did LIMIT ?"
)
_COUNT = "SELECT count(*) FROM members WHERE space = ? AND status = ?"
_INVITATIONS = "SELECT doc FROM invitations WHERE space = ? AND id > ? ORDER BY id LIMIT ?"
_NEWEST = "SELECT doc FROM rulebooks WHERE space = ? ORDER BY version DESC LIMIT 1"
_RULEBOOKS = "SELECT doc FROM rulebooks WHERE space = ? AND version < ? ORDER BY version DESC LIMIT ?"
_SEEN = "SELECT version FROM watermarks WHERE url = ? AND anchor = ? /*lock*/"
_RAISE = (
    "INSERT INTO watermarks (url, anchor, version) VALUES (?, ?, ?)"
    " ON CONFLICT (url, anchor) DO UPDATE SET version = excluded.version WHERE watermarks.version < excluded.version"
)


class Spaces(Documents[Space]):
    """Spaces anchored on this server."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _SPACE)

    def get(self, name: str) -> Space | None:
        """Return the space of that name, or nothing."""
        return self._get(name)

    def add(self, space: Space) -> None:
        """Insert. Raises `Conflict` if there is one of that name."""
        self._add(space, space.name, space.tenant)

    def put(self, space: Space) -> None:
        """Insert or replace."""
        self._put(space, space.name, space.tenant)

    def page(self, tenant: Tenant, *, after: str | None, limit: int) -> Sequence[Space]:
        """Return up to `limit` spaces that the tenant anchors, by name, those after the name `after`."""
        return self._read(_SPACES, (tenant, after or "", limit))


class Members(Documents[Member]):
    """Members and applicants."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _MEMBER)

    def get(self, space: str, did: Did) -> Member | None:
        """Return the member or applicant, or nothing."""
        return self._get(space, did)

    def put(self, member: Member) -> None:
        """Insert or replace."""
        self._put(member, member.space, member.did, member.tenant, member.status)

    def page(self, space: str, *, status: Status | None, after: Did | None, limit: int) -> Sequence[Member]:
        """Return up to `limit` in the order of their DIDs, of one status or of all."""
        if status is None:
            return self._read(_MEMBERS, (space, after or "", limit))
        return self._read(_MEMBERS_OF, (space, status, after or "", limit))

    def unprovided(self, space: str, *, after: Did | None, limit: int) -> Sequence[Member]:
        """Return up to `limit` active members to whom nothing was ever issued, by DID, those after the DID `after`."""
        return self._read(_UNPROVIDED, (space, after or "", limit))

    def count(self, space: str, status: Status) -> int:
        """Return how many have that status."""
        row = self._rows.one(_COUNT, (space, status))
        return 0 if row is None else int(row[0])


class Invitations(Documents[Invitation]):
    """Invitations; only hashes of their codes."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _INVITATION)

    def get(self, id: str) -> Invitation | None:
        """Return the invitation, or nothing."""
        return self._get(id)

    def put(self, invitation: Invitation) -> None:
        """Insert or replace."""
        self._put(invitation, invitation.id, invitation.tenant, invitation.space)

    def delete(self, id: str) -> None:
        """Forget the invitation."""
        self._delete(id)

    def page(self, space: str, *, after: str | None, limit: int) -> Sequence[Invitation]:
        """Return up to `limit` in the order of their ids."""
        return self._read(_INVITATIONS, (space, after or "", limit))


class Rulebooks(Documents[Published]):
    """All versions of the rulebooks of the spaces anchored here."""

    __slots__ = ()

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows, _RULEBOOK)

    def get(self, space: str, version: int) -> Published | None:
        """Return one version, or nothing."""
        return self._get(space, version)

    def newest(self, space: str) -> Published | None:
        """Return the newest version, or nothing."""
        return next(iter(self._read(_NEWEST, (space,))), None)

    def put(self, rulebook: Published) -> None:
        """Insert or replace."""
        self._put(rulebook, rulebook.space, rulebook.version, rulebook.tenant)

    def page(self, space: str, *, before: int | None, limit: int) -> Sequence[Published]:
        """Return up to `limit` versions, the newest first, those before the version `before`."""
        return self._read(_RULEBOOKS, (space, 2**53 if before is None else before, limit))


class Watermarks:
    """The highest version seen of each space's list. They never fall."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, url: str, anchor: Did) -> int | None:
        """Return the highest version that was ever believed here, or nothing."""
        row = self._rows.one(_SEEN, (url, anchor))
        return None if row is None else int(row[0])

    def put(self, url: str, anchor: Did, version: int) -> None:
        """Raise it."""
        self._rows.execute(_RAISE, (url, anchor, version))
