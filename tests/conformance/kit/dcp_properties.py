"""What the DCP kits are told: which DID is the system under test, and where its services lie. The kit plays all the others.

Each kit is run three times, once for each role of the system under test ("it" below):

| role | packages | what the kit needs to know |
|---|---|---|
| credential service | issuance.cs, presentation.cs | its DID (`did.holder`), its token service (`sts.url`), the name of an open request |
| issuer | issuance.issuer | its DID (`did.issuer`) |
| verifier | presentation.verifier | its DID (`did.verifier`), and a call that makes it verify (`vpp.trigger.endpoint`) |

What else it must know before the kit starts: that the kit's issuer is to be believed; that the kit's holder may ask for credentials; and
the open request, to which the kit's issuer delivers again and again under one `holderPid` (`credentials.correlation.id`).

Facts about the kits, read from the source of 1.0.2 and, in part, of what came later:

- the DIDs of the kit are `did:web:localhost%3A<port>:<issuer|holder|verifier|thirdparty>`, and their documents are there only while a test
  runs: another test means 404 in between. Keys are made anew in each run;
- its names for the tests are sentences, and not unique; it prints no count, only `Test run complete`;
- a request to the issuer under one `holderPid` must be filled each time in 1.0.2, and only once later. Later versions take the pid of
  one test from `credentials.correlation.id.<method>`, so that each test may have its own;
- the kit's issuer gives VC 1.1 as JWT, with a `nbf` of this very second; its list of revocations has 16,384 entries and no signature;
- its trigger's body is JSON-LD in another form than the compact one that DSP prescribes: `@type` is an absolute address.
"""

from __future__ import annotations

from typing import Final

_PACKAGE: Final = "org.eclipse.dataspacetck.dcp.verification"
_PREFIX: Final = "dataspacetck"

PACKAGES: Final = {
    "credential service": ("issuance.cs", "presentation.cs"),
    "issuer": ("issuance.issuer",),
    "verifier": ("presentation.verifier",),
}
"""By role, the packages of its run."""


def _packages(role: str) -> dict[str, str]:
    return {f"{_PREFIX}.test.package": ",".join(f"{_PACKAGE}.{package}" for package in PACKAGES[role])}


def credential_service_properties(
    *, did: str, sts: str, client_id: str, client_secret: str, holder_pid: str, rejected: tuple[str, str]
) -> dict[str, str]:
    """Return the properties for a run against a credential service.

    Args:
        did: its DID.
        sts: the token service; the kit appends `/token`.
        client_id: who asks the token service.
        client_secret: and how it proves that.
        holder_pid: the name of a request that waits for an answer of the kit's issuer.
        rejected: the name of another one, and the test that answers it with a no.
    """
    pid, test = rejected
    return _packages("credential service") | {
        f"{_PREFIX}.did.holder": did,
        f"{_PREFIX}.sts.url": sts,
        f"{_PREFIX}.sts.client.id": client_id,
        f"{_PREFIX}.sts.client.secret": client_secret,
        f"{_PREFIX}.credentials.correlation.id": holder_pid,
        f"{_PREFIX}.credentials.correlation.id.{test}": pid,
    }


def issuer_properties(*, did: str, tests: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the properties for a run against an issuer.

    Args:
        did: its DID.
        tests: the methods that are to have a `holderPid` of their own, where the kit can do that.
    """
    own = {f"{_PREFIX}.credentials.correlation.id.{test}": f"request-{test}" for test in tests}
    return _packages("issuer") | {f"{_PREFIX}.did.issuer": did} | own


def verifier_properties(*, did: str, trigger: str) -> dict[str, str]:
    """Return the properties for a run against a verifier.

    Args:
        did: its DID.
        trigger: what the kit POSTs to, so that it verifies.
    """
    return _packages("verifier") | {f"{_PREFIX}.did.verifier": did, f"{_PREFIX}.vpp.trigger.endpoint": trigger}
