"""What files that lie beside the data say about it: README, LICENSE. Read, never guessed from the data itself."""

from __future__ import annotations

import re

from msgspec import Struct

from hanse.dataplane.ports import Sources
from hanse.dataplane.records import Manifest, Place
from hanse.dcat.licences import licence_of
from hanse.kernel.errors import HanseError
from hanse.kernel.tenant import Tenant

LIMIT = 64 * 1024
_README = re.compile(r"readme(\.(md|txt|rst))?", re.IGNORECASE)
_LICENCE = re.compile(r"(licen[cs]e|copying)(\.(md|txt|rst))?", re.IGNORECASE)
_LANGUAGE = re.compile(r"^\s*(?:language|lang)\s*:\s*([a-z]{2,3}(?:-[A-Z]{2})?)\s*$", re.IGNORECASE | re.MULTILINE)


class Told(Struct, frozen=True, kw_only=True):
    """What the sidecar files say; absent where they say nothing."""

    title: str | None = None
    description: str | None = None
    licence: str | None = None
    language: str | None = None


async def describe(sources: Sources, tenant: Tenant, place: Place, manifest: Manifest) -> Told:
    """Return what README and LICENSE at the top of the folder, or beside the file, say."""
    if place.kind == "http":
        return Told()
    readme = await _text(sources, tenant, place, manifest, _README)
    licence = await _text(sources, tenant, place, manifest, _LICENCE)
    title, description = _title_and_paragraph(readme)
    language = _LANGUAGE.search(readme)
    return Told(title=title, description=description, licence=licence_of(licence), language=language[1].lower() if language else None)


async def _text(sources: Sources, tenant: Tenant, place: Place, manifest: Manifest, name: re.Pattern[str]) -> str:
    folder, path = place, ""
    if not manifest.single:
        path = next((e.path for e in manifest.files if name.fullmatch(e.path)), "")
    else:
        folder, path = await _beside(sources, tenant, place, name)
    if not path:
        return ""
    try:
        opened = await sources.open(tenant, folder, path)
    except HanseError:
        return ""  # no sidecar that may be read is the same as none
    try:
        return (await opened.read(0, LIMIT)).decode(errors="replace")
    finally:
        await opened.close()


async def _beside(sources: Sources, tenant: Tenant, place: Place, name: re.Pattern[str]) -> tuple[Place, str]:
    """Return the folder of a single file, and the conventional name in it that is there."""
    folder = Place("folder", place.at.rpartition("/")[0] or "/")
    for candidate in ("README.md", "README.txt", "README", "LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING"):
        if not name.fullmatch(candidate):
            continue
        try:
            opened = await sources.open(tenant, folder, candidate)
        except HanseError:
            continue
        await opened.close()
        return folder, candidate
    return folder, ""


def _title_and_paragraph(text: str) -> tuple[str | None, str | None]:
    """Return the first heading and the first paragraph after it, as plain lines."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]
    title = None
    if blocks and blocks[0].startswith("#"):
        first, _, rest = blocks[0].partition("\n")
        title = first.lstrip("# ").strip()[:200] or None
        blocks[0] = rest.strip()
    paragraph = next((block for block in blocks if block and not block.startswith("#")), None)
    return title, " ".join(paragraph.split())[:1000] if paragraph else None
