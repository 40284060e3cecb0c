"""Signs assessments, takes those of others, publishes them, compares, and writes case files."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import structs

from hanse.dcat.model import Claim, Dataset, Measured
from hanse.dcat.quality import MAX_CLAIM, METRICS
from hanse.evidence import kinds as k
from hanse.evidence.kinds.quality import MAX_MEASURES
from hanse.evidence.statement import Subject as Named
from hanse.factory.quality.relay import casefile, ports
from hanse.factory.quality.relay.claims import claims_in, declared, figures_of, read_claim, told_by
from hanse.factory.quality.relay.comparing import compare, required
from hanse.factory.quality.relay.records import STAGES, Assessment, Case, Comparison, Row, Told
from hanse.factory.quality.report import Report, digest_of_report, read_report, write_report
from hanse.kernel.clock import Clock
from hanse.kernel.errors import Conflict, HanseError, Invalid, NotFound, PeerError, StorageFailed, TooLarge
from hanse.kernel.ids import Ids
from hanse.kernel.tenant import Did, Tenant

MAX_REPORT: Final = 8 << 20
"""Bytes of a report that is signed and kept."""
MOST: Final = 200
"""Assessments of one subject that are looked at, the newest."""
OURS: Final = ("user", "factory", "space", "provider")
"""Of our own assessments, that of the latest stage is compared with."""


class Relay:
    """Assessments of all participants of this server."""

    def __init__(
        self,
        database: ports.Database,
        subjects: ports.Subjects,
        safe: ports.Safe,
        log: ports.Log,
        agreements: ports.Agreements,
        archives: ports.Archives,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._database = database
        self._subjects = subjects
        self._safe = safe
        self._log = log
        self._agreements = agreements
        self._archives = archives
        self._clock = clock
        self._ids = ids

    # Sign, take, show.

    async def sign(self, tenant: Tenant, of: str, stage: str, raw: bytes) -> Assessment:
        """Keep a report on a version or an own asset, and state in the log that it was assessed; the same again changes nothing.

        Raises `NotFound`, `Invalid` (rules `stage`, `report`, `other-content`), `Malformed`, `TooLarge`.
        """
        if stage not in STAGES:
            raise Invalid(f"There is no stage {stage[:40]!r}.", where="stage", rule="stage", hint=f"There are: {', '.join(STAGES)}.")
        if len(raw) > MAX_REPORT:
            raise TooLarge(f"A report that is signed has at most {MAX_REPORT >> 20} MiB.", where="report")
        report = await asyncio.to_thread(read_report, raw)
        subject = await self._subjects.find(tenant, of)
        _same_content(report, subject)
        says = _statement(report, subject, stage)
        known = next((one for one in await self._of(tenant, subject.name) if _repeats(one, says)), None)
        if known is not None:
            return known
        id = self._ids.new("asm")
        data = await asyncio.to_thread(lambda: zlib.compress(write_report(report), 6))
        sealed = await self._safe.seal(tenant, subject, id, data)

        def work(tx: ports.RelayTx) -> Assessment:
            entered = self._log.assessed(tx, tenant, Named.of(subject.name, subject.root), says)
            made = _record(tenant, id, subject.name, says, entered.by, entered.at, entered.hash, entered.raw)
            made = structs.replace(made, entry=entered.id, size=len(sealed))
            tx.assessments.add(made, sealed)
            return made

        return await self._database.run(work)

    async def take(self, tenant: Tenant, of: str, raw: bytes) -> Assessment:
        """Keep what somebody else signed about a version or an own asset, once its signature is proved; the same again changes nothing.

        Raises `NotFound`, `Malformed`, `Invalid` (rules `claim`, `other-content`), `Unauthenticated`, and `PeerError`s.
        """
        if len(raw) > MAX_CLAIM:
            raise TooLarge(f"A signed assessment has at most {MAX_CLAIM} bytes.", where="claim")
        claim, subject = read_claim(raw), await self._subjects.find(tenant, of)
        if claim.root != subject.root:
            raise _other_content(subject, claim.root)
        known = next((one for one in await self._of(tenant, subject.name) if one.statement == claim.envelope.hash), None)
        if known is not None:
            return known
        signer = Did(claim.says.by)
        await self._log.prove(raw, signer)
        id, now = self._ids.new("asm"), self._clock.now()
        made = _record(tenant, id, subject.name, claim.says, signer, claim.says.at, claim.envelope.hash, claim.envelope.encode())
        made = structs.replace(made, proved=now)
        await self._database.run(lambda tx: tx.assessments.add(made, b""))
        return made

    async def get(self, tenant: Tenant, id: str) -> Assessment:
        """Return one. Raises `NotFound`."""
        found: Assessment | None = await self._database.read(lambda tx: tx.assessments.get(tenant, id))
        if found is None:
            raise NotFound(f"There is no assessment {id[:80]!r} here.", where="id", hint="`hanse quality list` shows all.")
        return found

    async def page(self, tenant: Tenant, *, about: str | None, after: str | None, limit: int) -> Sequence[Assessment]:
        """Return assessments, newest first: of one subject, if it is named."""
        return await self._database.read(lambda tx: tx.assessments.page(tenant, about=about, after=after, limit=limit))

    async def report(self, tenant: Tenant, id: str) -> bytes:
        """Return the report of an assessment. Raises `NotFound` where it is not, or no longer, kept; `StorageFailed`."""
        made = await self.get(tenant, id)
        sealed: bytes = await self._database.read(lambda tx: tx.assessments.report(tenant, id))
        if not sealed:
            raise NotFound("The report is not kept here: only what was signed is.", where="id", hint=f"{made.by} has it.")
        packed = await self._safe.unseal(tenant, made.about, id, sealed)
        return await asyncio.to_thread(_unpacked, packed)

    async def materials(self, tenant: Tenant, about: str) -> list[ports.Material]:
        """Return what is kept about a version, for an archive: each signed claim, and the reports as far as they are kept."""
        found = []
        for one in await self._of(tenant, about):
            found.append(ports.Material("quality-claim", f"{one.id}.claim.json", one.envelope.encode(), casefile.JSON))
            try:
                found.append(ports.Material("quality", f"{one.id}.report.json", await self.report(tenant, one.id), casefile.JSON))
            except HanseError:
                continue
        return found

    # Publish.

    async def publish(self, tenant: Tenant, of: str) -> Dataset:
        """Publish the newest assessment of each stage with an own asset: measures and signed statements stand in the catalogue.

        Raises `NotFound`, `Invalid` (`asset`), `Conflict` (rules `unassessed`, `stale`).
        """
        subject = await self._asset(tenant, of)
        newest: dict[str, Assessment] = {}
        own = self._log.own(tenant)
        all_ = [one for one in await self._of(tenant, subject.name) if one.stage != "provider" or one.by == own]
        for one in all_:
            if one.root == subject.root:
                newest.setdefault(one.stage, one)
        if not newest:
            what = "was assessed with other content only" if all_ else "was not assessed yet"
            hint = f"`hanse quality assess`, then `hanse quality sign REPORT --of {subject.name} --stage provider`."
            raise Conflict(f"{subject.name} {what}.", where="asset", rule="stale" if all_ else "unassessed", hint=hint)
        chosen = [newest[stage] for stage in STAGES if stage in newest]
        measures: dict[str, Measured] = {}
        for one in chosen:
            for figure in one.figures:
                measures.setdefault(figure.metric, Measured(METRICS + figure.metric, figure.value, one.statement))
        claims = [Claim(one.statement, one.envelope) for one in chosen]
        return await self._subjects.declare(tenant, subject, list(measures.values()), claims)

    async def take_back(self, tenant: Tenant, of: str) -> Dataset:
        """Take the measures of an own asset out of the catalogue. Raises `NotFound`, `Invalid` (`asset`)."""
        return await self._subjects.declare(tenant, await self._asset(tenant, of), (), ())

    async def _asset(self, tenant: Tenant, of: str) -> ports.Subject:
        subject = await self._subjects.find(tenant, of)
        if not subject.asset:
            raise Invalid(f"{subject.name} is not on offer.", where="asset", rule="asset", hint="Offer it first: `hanse offer`.")
        return subject

    # Compare, dispute.

    async def compare(self, tenant: Tenant, of: str, floor: float = 0.0) -> Comparison:
        """Verify what was declared about a version earlier, and compare it with our own newest assessment of it.

        `floor` is the least tolerance. Raises `NotFound`, `Invalid`.
        """
        return (await self._compared(tenant, of, floor))[0]

    async def dispute(self, tenant: Tenant, of: str, metrics: Sequence[str] = (), floor: float = 0.0) -> Case:
        """State to the provider that its declared quality does not hold, and write the case file.

        About these measures, or all that do not hold. Raises `NotFound`, `Invalid` (`metric`), `Conflict` (rules `own-data`,
        `unassessed`, `holds`).
        """
        comparison, subject, agreed = await self._compared(tenant, of, floor)
        rows = _disputed(comparison, metrics)
        about = rows[:MAX_MEASURES]
        claim = next((row.claim for row in about if row.claim and not row.signed), None)
        says = k.Disputed(
            agreement=comparison.agreement,
            version=comparison.version,
            root=comparison.root,
            report=comparison.report,
            comparison=casefile.digest_of(comparison),
            claim=claim,
            measures=casefile.differences(about),
        )
        statement, told = await self._log.disputed(tenant, says)
        claims = [ports.Material("quality-claim", f"{hash[:16]}.json", raw, casefile.JSON) for hash, raw in claims_in(subject.offered)]
        archive = await self._archives.export(tenant, comparison.version, casefile.documents(comparison, rows, agreed, claims))
        return Case(
            version=comparison.version,
            archive=archive.content,
            sha256=archive.sha256,
            statement=statement,
            told=told,
            differences=says.measures,
            remedies=casefile.remedies(agreed),
            missing=archive.missing,
        )

    async def _compared(self, tenant: Tenant, of: str, floor: float) -> tuple[Comparison, ports.Subject, ports.Agreed | None]:
        if not 0.0 <= floor < float("inf"):
            raise Invalid("A tolerance is a number from 0 on.", where="tolerance", rule="tolerance")
        subject = await self._subjects.find(tenant, of)
        all_ = await self._of(tenant, subject.name)
        own = self._log.own(tenant)
        ours = _ours(all_, own, subject.root)
        told = await self._told(subject, [one for one in all_ if one is not ours])
        agreed = await self._agreements.agreed(tenant, subject.agreement) if subject.agreement else None
        rows = [*compare(told, ours, subject.root, floor), *(required(agreed.required, ours, subject.agreement) if agreed else ())]
        found = Comparison(
            version=subject.name,
            root=subject.root,
            agreement=subject.agreement,
            provider=subject.provider or "",
            ours="" if ours is None else ours.id,
            stage="" if ours is None else ours.stage,
            report="" if ours is None else ours.report,
            rows=tuple(rows),
        )
        return found, subject, agreed

    async def _told(self, subject: ports.Subject, kept: Sequence[Assessment]) -> list[Told]:
        """Return all that was declared: what came with the offer, proved now, and what is kept here, proved when it came."""
        known = {one.statement for one in kept}
        proved: dict[str, tuple[k.Assessed, str]] = {}
        for hash, raw in claims_in(subject.offered):
            if hash not in known:
                says = read_claim(raw).says
                proved[hash] = (says, await self._doubt(raw, says, subject.provider))
        for one in kept:
            says = read_claim(one.envelope.encode()).says
            proved[one.statement] = (says, _doubt_of(says, subject.provider))
        if subject.offered is None:
            return [told for hash, (says, signed) in proved.items() for told in told_by(says, hash, signed)]
        return declared(subject.offered, subject.provider or "", proved)

    async def _doubt(self, raw: bytes, says: k.Assessed, provider: Did | None) -> str:
        """Return why a signature proves nothing."""
        doubt = _doubt_of(says, provider)
        if doubt:
            return doubt
        try:
            await self._log.prove(raw, Did(says.by))
        except PeerError as error:
            return f"It cannot be proved now: {error.message}"
        except HanseError as error:
            return f"Its signature proves nothing: {error.message}"
        return ""

    async def _of(self, tenant: Tenant, about: str) -> Sequence[Assessment]:
        return await self.page(tenant, about=about, after=None, limit=MOST)


def _doubt_of(says: k.Assessed, provider: Did | None) -> str:
    foreign = says.stage == "provider" and provider is not None and says.by != provider
    return "It is signed for the provider by somebody else." if foreign else ""


def _ours(all_: Sequence[Assessment], own: Did, root: str) -> Assessment | None:
    """Return the own assessment of the latest stage, of several the newest."""
    mine = [one for one in all_ if one.entry and one.by == own and one.root == root]
    return next((one for stage in OURS for one in mine if one.stage == stage), None)


def _disputed(comparison: Comparison, metrics: Sequence[str]) -> list[Row]:
    if not comparison.agreement:
        hint = "Dispute the version that came from a provider; `hanse explain` says which it was made of."
        raise Conflict(f"{comparison.version} came under no agreement.", where="version", rule="own-data", hint=hint)
    if not comparison.ours:
        hint = f"`hanse quality assess {comparison.version}`, then `hanse quality sign REPORT --of {comparison.version} --stage factory`."
        raise Conflict(f"{comparison.version} was not assessed here.", where="version", rule="unassessed", hint=hint)
    known = {row.metric for row in comparison.rows}
    unknown = next((one for one in metrics if one not in known), None)
    if unknown is not None:
        hint = f"There are: {', '.join(sorted(known))}." if known else "Nothing was declared."
        raise Invalid(f"Nobody declared {unknown[:64]!r} of it.", where="measures", rule="metric", hint=hint)
    rows = [row for row in comparison.broken if not metrics or row.metric in metrics]
    if not rows:
        raise Conflict(
            "What was declared holds, as far as it can be compared.",
            where="version",
            rule="holds",
            hint="`hanse quality compare` shows it.",
        )
    return rows


def _same_content(report: Report, subject: ports.Subject) -> None:
    if report.assessed.root != subject.root:
        raise _other_content(subject, report.assessed.root)


def _other_content(subject: ports.Subject, root: str) -> Invalid:
    return Invalid(
        f"It is about other content than {subject.name}: {root[:16]}…, not {subject.root[:16]}….",
        where="of",
        rule="other-content",
        hint="Paths count, too: assess the folder or file that is on offer, or the stored version, as it is now.",
    )


def _statement(report: Report, subject: ports.Subject, stage: str) -> k.Assessed:
    return k.Assessed(
        agreement=subject.agreement,
        subject=subject.name,
        root=subject.root,
        stage=stage,  # type: ignore[arg-type]
        report=digest_of_report(report),
        stated=report.stated,
        moment=report.moment,
        measures=figures_of(report),
    )


def _repeats(one: Assessment, says: k.Assessed) -> bool:
    return bool(one.entry) and (one.stage, one.report, one.root) == (says.stage, says.report, says.root)


def _record(tenant: Tenant, id: str, about: str, says: k.Assessed, by: Did, at: datetime, hash: str, raw: bytes) -> Assessment:
    return Assessment(
        tenant=tenant,
        id=id,
        about=about,
        root=says.root,
        stage=says.stage,
        by=by,
        at=at,
        statement=hash,
        envelope=raw.decode(),
        report=says.report,
        stated=says.stated,
        moment=says.moment,
        figures=says.measures,
        agreement=says.agreement,
    )


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, MAX_REPORT * 2)
    except zlib.error:
        raise StorageFailed("A report cannot be unpacked.", where="id", rule="damaged") from None
    if unpacker.unconsumed_tail:
        raise StorageFailed("A report is larger than any that is kept.", where="id", rule="damaged")
    return data
