"""Makes documents of versions and models, keeps them, and states each in the signed log; asks people for what no machine can know.

A document is kept sealed with the key of its version, because it tells of the data. Bills of a model are made anew each time: nothing
of data is in them. The same input gives the same bytes: times are those of the records.
"""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from hanse.dcat.croissant.names import MEDIA_TYPE
from hanse.dcat.croissant.offered import write_offered
from hanse.dcat.croissant.shape import Measured
from hanse.dcat.holding import DatasetVersion, HeldFile
from hanse.evidence.kinds import Documented
from hanse.evidence.statement import Subject
from hanse.factory.documents import ports
from hanse.factory.documents.acts import ACTS, Gathering, make_act
from hanse.factory.documents.answers import Answers, fingerprint
from hanse.factory.documents.kinds import KINDS, OF_MODELS, OFFERED
from hanse.factory.documents.material import Document, Material, Trainings
from hanse.factory.documents.records import Made
from hanse.factory.documents.unpacking import Workshop
from hanse.kernel.clock import Clock
from hanse.kernel.errors import HanseError, Invalid, NotFound, StorageFailed
from hanse.kernel.tenant import Tenant

MEASURED: Final = "measured"
"""What was measured in a version is kept beside its documents, and is none itself."""
FORMAT: Final = 1
"""Of what is measured and how: with a higher one everything is measured anew."""
MAX_DOCUMENT: Final = 256 << 20

Progress = Callable[[int, int], object]


class Written(Struct, frozen=True):
    """A document with its bytes."""

    made: Made
    data: bytes


def _silent(_done: int, _size: int) -> None:
    return None


class Documents:
    """Documents of all participants of this server."""

    def __init__(
        self,
        database: ports.Database,
        versions: ports.Versions,
        safe: ports.Safe,
        agreements: ports.Agreements,
        custody: ports.Custody,
        offers: ports.Offers,
        log: ports.Log,
        workshop: Workshop,
        clock: Clock,
    ) -> None:
        self._database = database
        self._versions = versions
        self._safe = safe
        self._agreements = agreements
        self._custody = custody
        self._offers = offers
        self._log = log
        self._workshop = workshop
        self._clock = clock
        self.answers = Answers(database, versions, custody, clock)
        self.gathering = Gathering(versions, custody, agreements, log, self.answers, self.records)

    # For other rooms.

    async def materialised(self, tenant: Tenant, version: DatasetVersion) -> object:
        """Make all documents of a version that is new. Raises `HanseError`s."""
        return await self.make(tenant, version.id)

    async def of(self, tenant: Tenant, subject: str) -> list[Written]:
        """Return the documents of a version or a model, made if they are missing or answers have changed; none of what is deleted.

        Those of the AI Act are among them, made anew, if they were ever made.
        """
        try:
            found = await self.make(tenant, subject, renew=False)
            of = found[0].made.subject
            before = await self._database.read(lambda tx: tx.documents.made(tenant, of))
            acts = [one.kind for one in before if one.kind in ACTS]
            return found + (await self.make(tenant, of, acts) if acts else [])
        except NotFound:
            return []

    # For people.

    async def listed(self, tenant: Tenant, subject: str) -> list[Made]:
        """Return which documents of a version there are. Raises `NotFound`."""
        version = await self._versions.version(tenant, subject)
        found = await self._database.read(lambda tx: tx.documents.made(tenant, version.id))
        return [one for one in found if one.kind != MEASURED]

    async def show(self, tenant: Tenant, subject: str, kind: str) -> Written:
        """Return one document, made if it is missing. Raises `NotFound`, `Invalid`."""
        if kind == OFFERED:
            return await self.offered(tenant, subject)
        return (await self.make(tenant, subject, (kind,), renew=False))[0]

    async def make(
        self, tenant: Tenant, subject: str, kinds: Sequence[str] = (), *, renew: bool = True, progress: Progress = _silent
    ) -> list[Written]:
        """Make documents of a version (`name@number`, or the newest of a name) or a model: of these kinds, or all.

        Without `renew`, those are left that were made of the same. Documents of the AI Act are made only if they are named, and always
        anew: what they are made of changes with every statement. Raises `NotFound`, `Invalid`, `StorageFailed`.
        """
        version = await self._version(tenant, subject)
        if version is None:
            return await self._of_model(tenant, subject, _checked(kinds, OF_MODELS))
        return await self._of_version(version, _checked(kinds, KINDS), renew, progress)

    async def offered(self, tenant: Tenant, subject: str) -> Written:
        """Return what the catalogue said of a version's dataset, or says of an own offer (by its id). Raises `NotFound`."""
        own = self._agreements.own(tenant)
        dataset, provider = await self._offers.dataset(tenant, subject), str(own)
        at = self._clock.now()
        if dataset is None:
            version = await self._versions.version(tenant, subject)
            dataset, provider, at = version.offered, str(version.provider or own), version.stored
        if dataset is None:
            raise NotFound(
                f"{subject[:120]!r} is data of your own that no catalogue has described.", where="subject", hint="Offer it first."
            )
        data = msgspec.json.format(msgspec.json.encode(write_offered(dataset, provider)), indent=1)
        return _written(tenant, subject, Document(kind=OFFERED, name="offered.croissant.json", media_type=MEDIA_TYPE, data=data), at, "")

    async def records(self, tenant: Tenant, version: str) -> int | None:
        """Return how many records a version has, if that was counted in all its tables."""
        try:
            found = await self._kept_measured(tenant, version)
        except HanseError:
            return None
        counts = [] if found is None else [one.records for one in found.tables]
        known = [one for one in counts if one is not None]
        return sum(known) if known and len(known) == len(counts) else None

    async def forget(self, tenant: Tenant, version: str) -> None:
        """Delete what was made of a version that is gone."""
        await self._database.run(lambda tx: tx.documents.drop(tenant, version))

    async def _version(self, tenant: Tenant, subject: str) -> DatasetVersion | None:
        """Return a version; nothing if the name is none's and could be a model's."""
        if "@" in subject:
            return await self._versions.version(tenant, subject)
        try:
            return await self._versions.version(tenant, subject)
        except (NotFound, Invalid):
            return None

    # Versions.

    async def _of_version(self, version: DatasetVersion, kinds: Sequence[str], renew: bool, progress: Progress) -> list[Written]:
        acts = [kind for kind in kinds if kind in ACTS]
        found = (
            await self._of_data(version, [kind for kind in kinds if kind not in ACTS], renew, progress) if len(acts) < len(kinds) else {}
        )
        if acts:
            proofs = await self.gathering.of_version(version.tenant, version)
            for kind in acts:
                made = await asyncio.to_thread(make_act, kind, proofs)
                found[kind] = await self._keep(version, _written(version.tenant, version.id, made, self._clock.now(), ""))
        return [found[kind] for kind in kinds]

    async def _of_data(self, version: DatasetVersion, kinds: Sequence[str], renew: bool, progress: Progress) -> dict[str, Written]:
        tenant = version.tenant
        files = tuple(await self._versions.files(tenant, version.id))
        material = await self._material(version, files)
        of = fingerprint(material)
        found = {} if renew else {one.made.kind: one for kind in kinds if (one := await self._kept(tenant, version.id, kind, of))}
        missing = [kind for kind in kinds if kind not in found]
        if missing:
            measured = await self._measured(version, files, progress)
            material = msgspec.structs.replace(material, measured=measured)
            for kind in missing:
                made = await asyncio.to_thread(KINDS[kind], material)
                found[kind] = await self._keep(version, _written(tenant, version.id, made, self._clock.now(), of))
        return found

    async def _material(self, version: DatasetVersion, files: tuple[HeldFile, ...]) -> Material:
        tenant = version.tenant
        answers = await self.answers.about_version(tenant, version.name)
        return Material(
            version=version,
            files=files,
            by=self._agreements.own(tenant),
            at=version.stored,
            answers={one.field: one.text for one in answers},
            answered=max((one.at for one in answers), default=None),
            contract=None if version.agreement is None else await self._agreements.contract(tenant, version.agreement),
            kept=await self._custody.kept(tenant, version.id),
        )

    async def _measured(self, version: DatasetVersion, files: Sequence[HeldFile], progress: Progress) -> Measured:
        kept = await self._kept_measured(version.tenant, version.id)
        if kept is not None:
            return kept
        found = await self._workshop.measured(version, files, progress)
        raw = msgspec.json.encode(found)
        document = Document(kind=MEASURED, name=MEASURED, media_type="application/json", data=raw)
        written = _written(version.tenant, version.id, document, self._clock.now(), str(FORMAT))
        sealed = await self._sealed(written)
        await self._database.run(lambda tx: tx.documents.put(written.made, sealed))
        return found

    async def _kept_measured(self, tenant: Tenant, version: str) -> Measured | None:
        kept = await self._kept(tenant, version, MEASURED, str(FORMAT))
        try:
            return None if kept is None else msgspec.json.decode(kept.data, type=Measured)
        except msgspec.MsgspecError:
            return None

    async def _kept(self, tenant: Tenant, version: str, kind: str, of: str) -> Written | None:
        found: tuple[Made, bytes] | None = await self._database.read(lambda tx: tx.documents.get(tenant, version, kind))
        if found is None or found[0].of != of:
            return None
        made, sealed = found
        packed = await self._safe.unseal(tenant, version, kind, sealed)
        data = await asyncio.to_thread(_unpacked, packed)
        if hashlib.sha256(data).hexdigest() != made.sha256:
            raise StorageFailed(f"The document {kind} of {version} is damaged.", where="subject", rule="damaged", hint="Make it anew.")
        return Written(made, data)

    async def _keep(self, version: DatasetVersion, written: Written) -> Written:
        """Keep a document, and say so in the log if its bytes are new."""
        sealed, made = await self._sealed(written), written.made
        says = Documented(agreement=version.agreement or "", subject=version.id, document=made.kind, sha256=made.sha256)

        def work(tx: ports.DocumentsTx) -> None:
            before = tx.documents.get(made.tenant, made.subject, made.kind)
            tx.documents.put(made, sealed)
            if before is None or before[0].sha256 != made.sha256:
                self._log.documented(tx, made.tenant, Subject.of(version.id, version.root), says)

        await self._database.run(work)
        return written

    async def _sealed(self, written: Written) -> bytes:
        packed = await asyncio.to_thread(zlib.compress, written.data, 6)
        return await self._safe.seal(written.made.tenant, written.made.subject, written.made.kind, packed)

    # Models.

    async def _of_model(self, tenant: Tenant, model: str, kinds: Sequence[str]) -> list[Written]:
        name, trainings = await self._custody.trainings(tenant, model)
        ids = dict.fromkeys(one.version for _, says in trainings for one in says.inputs)
        inputs = await self.gathering.known(tenant, list(ids))
        told = {one: await self.answers.about_version(tenant, one) for one in {each.name for each in inputs}}
        material = Trainings(
            name=name,
            trainings=tuple(trainings),
            inputs=tuple(inputs),
            by=self._agreements.own(tenant),
            answers={one.field: one.text for one in await self.answers.about_model(tenant, name)},
            answers_of={of: {one.field: one.text for one in answers} for of, answers in told.items()},
        )
        acts = [kind for kind in kinds if kind in ACTS]
        proofs = await self.gathering.of_model(tenant, material) if acts else None
        documents = {} if proofs is None else {kind: await asyncio.to_thread(make_act, kind, proofs) for kind in acts}
        for kind in (one for one in kinds if one not in ACTS):
            documents[kind] = await asyncio.to_thread(OF_MODELS[kind], material)
        return [await self._state(material, tenant, documents[kind]) for kind in kinds]

    async def _state(self, model: Trainings, tenant: Tenant, document: Document) -> Written:
        """Say in the log that a bill was made, unless these bytes were stated last."""
        written = _written(tenant, model.name, document, self._clock.now(), "")
        made = written.made
        says = Documented(subject=model.name, document=made.kind, sha256=made.sha256)

        def work(tx: ports.DocumentsTx) -> None:
            before = tx.documents.get(tenant, model.name, made.kind)
            if before is None or before[0].sha256 != made.sha256:
                tx.documents.put(made, b"")
                self._log.documented(tx, tenant, Subject.of(model.name, model.newest.digest), says)

        await self._database.run(work)
        return written


def _checked(kinds: Sequence[str], known: dict[str, Any]) -> list[str]:
    wanted = list(dict.fromkeys(kinds)) or list(known)
    unknown = next((one for one in wanted if one not in known and one not in ACTS), None)
    if unknown is not None:
        hint = f"There are: {', '.join((*known, *ACTS))}."
        raise Invalid(f"There is no document {unknown[:40]!r} of this.", where="kind", rule="kind", hint=hint)
    return wanted


def _written(tenant: Tenant, subject: str, document: Document, made: Any, of: str) -> Written:
    record = Made(
        tenant=tenant,
        subject=subject,
        kind=document.kind,
        name=document.name,
        media_type=document.media_type,
        sha256=hashlib.sha256(document.data).hexdigest(),
        size=len(document.data),
        made=made,
        of=of,
        errors=sum(one.severity == "error" and one.path not in document.asks for one in document.findings),
        asks=document.asks,
    )
    return Written(record, document.data)


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(packed, MAX_DOCUMENT)
    except zlib.error:
        raise StorageFailed("A document cannot be unpacked.", where="subject", rule="damaged") from None
    if unpacker.unconsumed_tail:
        raise StorageFailed("A document is larger than any that is made.", where="subject", rule="damaged")
    return data
