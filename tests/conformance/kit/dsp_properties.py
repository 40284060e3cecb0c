"""What the kit is told: the address of the connector under test, and the ids that it must know.

The connector under test ("it" below) and the kit meet like this; the kit's participant id is always `TCK_PARTICIPANT`.

| property | meaning |
|---|---|
| dataspacetck.dsp.connector.agent.id | its participant id; the kit writes it as assigner |
| dataspacetck.dsp.connector.http.url | its versioned DSP base, no slash at the end |
| dataspacetck.dsp.connector.http.base.url | the kit appends /.well-known/dspace-version |
| dataspacetck.dsp.connector.http.headers.authorization | optional: one fixed header for all the kit's requests |
| dataspacetck.dsp.connector.negotiation.initiate.url | the kit POSTs {providerId, offerId, datasetId, connectorAddress} |
| dataspacetck.dsp.connector.transfer.initiate.url | the kit POSTs {providerId, agreementId, format, connectorAddress} |
| dataspacetck.dsp.default.wait | seconds that the kit waits for a message or a state |
| dataspacetck.host, .port, .callback.address | where the kit listens, and what it tells as callbackAddress; `run_kit` sets them |

The two webhooks ask it to start, as consumer, a negotiation or a transfer with the kit; `connectorAddress` is the kit's DSP base, to which
`/negotiations/request` or `/transfers/request` is appended, without version discovery.

Ids it must know before the kit starts:

- datasets `ACN0101` ... `ACN0304` (see PROVIDER_NEGOTIATIONS), each with the offer `CD123:<dataset>:456` (one permission: use), and
  `CAT0101`, `CAT0102` in its catalogue; `CAT0103` is unknown to it;
- finalised agreements `ATP0101` ... `ATP0306` with TCK_PARTICIPANT as consumer, and `ATPC0101` ... `ATPC0306` with it as provider,
  over the format `HttpData-PULL`. `TP_C_01_05` uses `ATPC0104` once more. An agreement may carry several transfers;
- datasets `ACNC0101` ... `ACNC0306` are the kit's; the webhook names offer `offer<dataset>`, which goes unchanged into the request.

Facts about the kit's messages, read from its source (1.0.1):

- every message carries a random `@id` of its own, so that two messages of the kit are never byte-identical: in CN:03-04 the second
  counter-request differs from the first in its `@id` alone, and the answer must be 4xx;
- but where the kit expects success and gets a 4xx other than 404, it sends the same bytes again after 200 and 400 ms;
- a 404 always fails the test, also where an error is expected; an expected error must be 4xx;
- CN:01-02 has the ids of `ACN0102` built in.
"""

from __future__ import annotations

FORMAT = "HttpData-PULL"


def _numbers(*groups: int, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return `01_01`, `01_02`, ... for groups of the given sizes."""
    made = (f"{group:02}_{test:02}" for group, size in enumerate(groups, start=1) for test in range(1, size + 1))
    return tuple(number for number in made if number not in without)


PROVIDER_NEGOTIATIONS = _numbers(4, 7, 4)
CONSUMER_NEGOTIATIONS = _numbers(4, 6, 6)
PROVIDER_TRANSFERS = _numbers(5, 5, 6, without=("02_04",))  # 02_04 is switched off in the kit
CONSUMER_TRANSFERS = PROVIDER_TRANSFERS
CATALOGUE = _numbers(3)
METADATA = _numbers(1)

EXPECTED: frozenset[str] = frozenset(
    f"{group}:{number.replace('_', '-')}"
    for group, numbers in {
        "MET": METADATA,
        "CAT": CATALOGUE,
        "CN": PROVIDER_NEGOTIATIONS,
        "CN_C": CONSUMER_NEGOTIATIONS,
        "TP": PROVIDER_TRANSFERS,
        "TP_C": CONSUMER_TRANSFERS,
    }.items()
    for number in numbers
)
"""The names of the 65 enabled tests, as the kit prints them."""


def _plain(number: str) -> str:
    return number.replace("_", "")


def sample_ids() -> dict[str, str]:
    """Return the kit's per-test properties, with the ids of its own sample file."""
    ids = {f"CAT_{number}_DATASETID": f"CAT{_plain(number)}" for number in CATALOGUE}
    for number in PROVIDER_NEGOTIATIONS:
        dataset = f"ACN{_plain(number)}"
        ids |= {f"CN_{number}_DATASETID": dataset, f"CN_{number}_OFFERID": f"CD123:{dataset}:456"}
    ids |= {f"CN_C_{number}_DATASETID": f"ACNC{_plain(number)}" for number in CONSUMER_NEGOTIATIONS}
    for number in PROVIDER_TRANSFERS:
        consumer = "0104" if number == "01_05" else _plain(number)
        ids |= {f"TP_{number}_AGREEMENTID": f"ATP{_plain(number)}", f"TP_{number}_FORMAT": FORMAT}
        ids |= {f"TP_C_{number}_AGREEMENTID": f"ATPC{consumer}", f"TP_C_{number}_FORMAT": FORMAT}
    return ids


def connector_properties(
    *,
    agent_id: str,
    base: str,
    protocol: str,
    negotiation_webhook: str,
    transfer_webhook: str,
    authorization: str | None = None,
    wait_seconds: int = 10,
) -> dict[str, str]:
    """Return the properties for a run against one connector.

    Args:
        agent_id: the participant id of the connector.
        base: the address to which the kit appends `/.well-known/dspace-version`.
        protocol: the versioned DSP base, such as `http://127.0.0.1:8080/participants/x/dsp/2025-1`.
        negotiation_webhook: where the kit asks the connector to start a negotiation as consumer.
        transfer_webhook: where the kit asks the connector to start a transfer as consumer.
        authorization: the fixed Authorization header of the kit, if any.
        wait_seconds: how long the kit waits for a message or a state.
    """
    prefix = "dataspacetck.dsp.connector"
    properties = {
        f"{prefix}.agent.id": agent_id,
        f"{prefix}.http.base.url": base.rstrip("/"),
        f"{prefix}.http.url": protocol.rstrip("/"),
        f"{prefix}.negotiation.initiate.url": negotiation_webhook,
        f"{prefix}.transfer.initiate.url": transfer_webhook,
        "dataspacetck.dsp.default.wait": str(wait_seconds),
    }
    if authorization is not None:
        properties[f"{prefix}.http.headers.authorization"] = authorization
    return properties | sample_ids()
