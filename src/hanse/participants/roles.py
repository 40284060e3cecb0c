"""Who may do what: one table of actions, one question `may`, one guard `authorise`.

A role includes the roles below it: read < operate < approve < administer. The server's host is an operator without a
tenant. It makes, confines and removes participants and can give a locked-out participant a new token, but it sees
nothing of a participant's offers, contracts and data.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from hanse.kernel.errors import Forbidden, NotFound
from hanse.kernel.tenant import Tenant


class Role(StrEnum):
    """How much an operator may do, from least to most."""

    READ = "read"
    OPERATE = "operate"
    APPROVE = "approve"
    ADMINISTER = "administer"


_RANK = {role: rank for rank, role in enumerate(Role)}


class Action(StrEnum):
    """What an operator can ask for."""

    READ = "read"
    READ_PARTICIPANT = "read-participant"
    OFFER = "offer"
    NEGOTIATE = "negotiate"
    TRANSFER = "transfer"
    ANSWER = "answer"
    END_CONTRACT = "end-contract"
    DECIDE_APPLICATION = "decide-application"
    MANAGE_MEMBERS = "manage-members"
    CHANGE_MEMBER = "change-member"
    PUBLISH_RULEBOOK = "publish-rulebook"
    REVOKE_CREDENTIAL = "revoke-credential"
    FOUND_SPACE = "found-space"
    JOIN_SPACE = "join-space"
    SET_LINK = "set-link"
    KEEP_LEDGER = "keep-ledger"
    USE_WALLET = "use-wallet"
    REQUEST_CREDENTIALS = "request-credentials"
    MANAGE_KEYS = "manage-keys"
    EDIT_PARTICIPANT = "edit-participant"
    MANAGE_OPERATORS = "manage-operators"
    LIST_PARTICIPANTS = "list-participants"
    SERVER_STATUS = "server-status"
    CREATE_PARTICIPANT = "create-participant"
    CONFINE_PARTICIPANT = "confine-participant"
    SUSPEND_PARTICIPANT = "suspend-participant"
    ERASE_PARTICIPANT = "erase-participant"


class Rule(Struct, frozen=True):
    """The least role for an action, and whether it is for a participant's own operators, the host's, or both."""

    least: Role
    own: bool
    host: bool


# fmt: off
RULES: dict[Action, Rule] = {
    #                                  least role                own    host
    Action.READ:                  Rule(Role.READ,       True,  False),  # offers, processes, contracts, members, what the wallet holds
    Action.READ_PARTICIPANT:      Rule(Role.READ,       True,  True),   # its title, DID, limits and space
    Action.OFFER:                 Rule(Role.OPERATE,    True,  False),  # make, edit and withdraw assets
    Action.NEGOTIATE:             Rule(Role.OPERATE,    True,  False),  # ask for data, counter, give up
    Action.TRANSFER:              Rule(Role.OPERATE,    True,  False),  # start, suspend, resume, complete, terminate
    Action.ANSWER:                Rule(Role.APPROVE,    True,  False),  # accept, counter or refuse a peer's offer by hand
    Action.END_CONTRACT:          Rule(Role.APPROVE,    True,  False),  # end an agreement before its time
    Action.DECIDE_APPLICATION:    Rule(Role.APPROVE,    True,  False),  # anchor: approve or refuse who wants to join
    Action.MANAGE_MEMBERS:        Rule(Role.ADMINISTER, True,  False),  # anchor: invite, suspend, remove, reinstate
    Action.CHANGE_MEMBER:         Rule(Role.APPROVE,    True,  False),  # anchor: other roles, or what a role's credential says
    Action.PUBLISH_RULEBOOK:      Rule(Role.ADMINISTER, True,  False),
    Action.REVOKE_CREDENTIAL:     Rule(Role.ADMINISTER, True,  False),  # anchor: take back one credential
    Action.FOUND_SPACE:           Rule(Role.ADMINISTER, True,  False),
    Action.JOIN_SPACE:            Rule(Role.ADMINISTER, True,  True),
    Action.SET_LINK:              Rule(Role.ADMINISTER, True,  False),  # how it works with a space, and what is bought there unasked
    Action.KEEP_LEDGER:           Rule(Role.ADMINISTER, True,  False),  # who witnesses its ledger; begin a new one
    Action.USE_WALLET:            Rule(Role.OPERATE,    True,  False),  # look up the status of credentials, throw them away
    Action.REQUEST_CREDENTIALS:   Rule(Role.OPERATE,    True,  False),
    Action.MANAGE_KEYS:           Rule(Role.ADMINISTER, True,  False),  # rotate, declare compromised, release
    Action.EDIT_PARTICIPANT:      Rule(Role.ADMINISTER, True,  True),   # its title
    Action.MANAGE_OPERATORS:      Rule(Role.ADMINISTER, True,  True),   # add, remove and list; everybody rotates their own token
    Action.LIST_PARTICIPANTS:     Rule(Role.READ,       False, True),
    Action.SERVER_STATUS:         Rule(Role.READ,       False, True),
    Action.CREATE_PARTICIPANT:    Rule(Role.ADMINISTER, False, True),
    Action.CONFINE_PARTICIPANT:   Rule(Role.ADMINISTER, False, True),   # allowed roots and hosts, quota
    Action.SUSPEND_PARTICIPANT:   Rule(Role.ADMINISTER, False, True),
    Action.ERASE_PARTICIPANT:     Rule(Role.ADMINISTER, False, True),
}
# fmt: on


class Caller(Struct, frozen=True):
    """Who is asking: an operator that has proved itself by its token. The host has no tenant."""

    operator: str
    tenant: Tenant | None
    name: str
    role: Role


SERVER = Caller("server", None, "server", Role.ADMINISTER)
"""The server itself, acting for whoever started it on this machine; never the result of a token."""


def may(role: Role, action: Action) -> bool:
    """Tell whether a role is enough for an action (whose participant it concerns is asked by `authorise`)."""
    return _RANK[role] >= _RANK[RULES[action].least]


def authorise(caller: Caller, action: Action, tenant: Tenant | None) -> None:
    """Let `caller` do `action` to `tenant` (absent: to the server), or raise.

    Raises `NotFound` to operators of other participants, which are not told that there is such a participant, and
    `Forbidden` if the caller is at the right door with too small a role.
    """
    rule = RULES[action]
    if caller.tenant is not None and caller.tenant != tenant and tenant is not None:
        raise NotFound(f"There is no participant {tenant!r} here.", where="participant")
    if not (rule.host if caller.tenant is None else rule.own and tenant is not None):
        whose = "a participant's own operators" if rule.own else "the server's host"
        raise Forbidden(f"Only {whose} may do this ({action.value}).", rule="whose", hint="Use a token made for that purpose.")
    if not may(caller.role, action):
        raise Forbidden(
            f"Your role {caller.role.value!r} is not enough for {action.value!r}.",
            rule="role",
            hint=f"It takes an operator with the role {rule.least.value!r} or more.",
        )
