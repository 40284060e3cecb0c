"""Status lists that were opened lately, shared by all participants of this process."""

from __future__ import annotations

from datetime import datetime

from hanse.identity.credentials.lists import StatusList, StatusLists
from hanse.trust.claims import EARLY, holds


class RecentLists(StatusLists):
    """The same lists, given out only while they have some time left: what is verified with one holds as long as the list.

    So a list is fetched again `EARLY`, and what was verified with the last one holds on if its issuer is away just then.
    """

    def get(self, url: str, issuer: str, now: datetime) -> StatusList | None:
        """Return the list, if it was opened and may still be used."""
        found = super().get(url, issuer, now + EARLY)
        return found if found is not None and holds(found.again, now) else None

    def without(self, prefix: str) -> RecentLists:
        """Return the same lists but those whose address begins with `prefix`: they are known to have changed.

        What is being verified goes on with these, so that a list from before the change does not come in again.
        """
        others = RecentLists()
        for (url, issuer), opened in self._lists.items():
            if not url.startswith(prefix):
                others.put(url, issuer, opened)
        return others
