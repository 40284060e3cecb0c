"""`hanse facility`: the store of dataset versions: look, verify, tidy up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import words
from hanse.cli.asking import confirm
from hanse.cli.kit import DONE, FAILED, Noun
from hanse.cli.shell import Shell
from hanse.kernel.errors import Invalid

if TYPE_CHECKING:
    from hanse.client.factory.facility_model import FacilityFault, FacilityVerdict, StoredVersion


@click.group("facility", cls=Noun, default="list")
def command() -> None:
    """The store of dataset versions: look, verify, tidy up."""


@command.verb("list", example="hanse facility list --contract agr_06f9k2q4m8s1t5v7w9x3yz")
@click.option("--name", metavar="NAME", help="Only versions of that name.")
@click.option("--contract", metavar="ID", help="Only versions under this contract.")
@click.option("--deleted", is_flag=True, help="Also versions that were deleted.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=1_000, show_default=True, help="At most so many.")
def show_list(shell: Shell, name: str | None, contract: str | None, deleted: bool, limit: int) -> None:
    """List stored versions by name."""
    found = shell.client.facility.list(name=name, contract=contract, gone=deleted, most=limit)
    rows = [(one.id, words.size(one.size), str(one.files), _tier(one), words.moment(one.stored), _contracts(one)) for one in found]
    shell.answer(found, lambda: shell.table(("VERSION", "SIZE", "FILES", "TIER", "STORED", "CONTRACT"), rows, "Nothing is stored yet."))


@command.verb("show", example="hanse facility show weather@1 --files")
@click.argument("version", metavar="VERSION")
@click.option("--files", is_flag=True, help="Its files as well.")
def show_one(shell: Shell, version: str, files: bool) -> None:
    """Show one version, deleted or not."""
    one = shell.client.facility.get(version)
    listed = shell.client.facility.files(version) if files and one.deleted is None else []

    def show() -> None:
        _show(shell, one)
        if listed:
            shell.table(("PATH", "SIZE", "SHA-256"), [(file.path, words.size(file.size), file.sha256) for file in listed], "")

    shell.answer({"version": one, "files": listed} if files else one, show)


@command.verb("verify", example="hanse facility verify weather@1")
@click.argument("versions", metavar="[VERSION]...", nargs=-1)
@click.pass_context
def verify(ctx: click.Context, /, shell: Shell, versions: tuple[str, ...]) -> None:
    """Read versions, or all, and check every byte. The exit code is 1 if something is not as it was stored."""
    wrong = next((one for one in versions if "@" not in one), None)
    if wrong is not None:
        hint = "`hanse facility list` shows what is there."
        raise Invalid(f"{wrong!r} is no version: one is written name@number.", where="versions", rule="version", hint=hint)
    with shell.progress("Verifying") as progress:
        verdict = shell.client.facility.verify(versions, progress=progress)
    shell.answer(verdict, lambda: _say(shell, verdict))
    ctx.exit(DONE if verdict.sound else FAILED)


@command.verb("import", example="hanse facility import /srv/data/weather --name weather --place DE --rights CC-BY-4.0")
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option("--name", required=True, metavar="NAME", help="What the dataset is called.")
@click.option("--place", multiple=True, metavar="CODE", help="Where it was collected, e.g. DE or EU; repeatable.")
@click.option("--collection", metavar="TEXT", help="How it was collected.")
@click.option("--rights", metavar="TEXT", help="Its licence, or the ground on which you use it.")
@click.option("--personal/--not-personal", default=None, help="Whether it holds personal data.")
def import_(
    shell: Shell,
    folder: Path,
    name: str,
    place: tuple[str, ...],
    collection: str | None,
    rights: str | None,
    personal: bool | None,
) -> None:
    """Store a folder of the server's machine as a version of your own data."""
    with shell.progress("Storing") as progress:
        one = shell.client.facility.import_folder(
            folder.absolute(), name, places=place, collection=collection, rights=rights, personal=personal, progress=progress
        )
    shell.answer(one, lambda: _show(shell, one))


@command.verb("export", example="hanse facility export weather@1 --into ./weather")
@click.argument("version", metavar="VERSION")
@click.option("--into", required=True, type=click.Path(path_type=Path), metavar="FOLDER", help="A folder that does not exist yet.")
def export(shell: Shell, version: str, into: Path) -> None:
    """Write a version of your own data as plain files. Data under a contract is opened: `hanse open`."""
    with shell.progress("Writing") as progress:
        files = shell.client.facility.export(version, into.absolute(), progress=progress)
    size = words.size(sum(one.size for one in files))
    shell.answer(files, lambda: shell.print(f"{words.plural(len(files), 'file')}, {size}, in {into}"))


@command.verb("tier", example="hanse facility tier weather@1 cold")
@click.argument("version", metavar="VERSION")
@click.argument("tier", type=click.Choice(["hot", "cold"]))
def tier(shell: Shell, version: str, tier: str) -> None:
    """Move a version to the cold place, or back to the hot one. It can be read from either."""
    one = shell.client.facility.move(version, tier)
    shell.answer(one, lambda: _show(shell, one))


@command.verb("collect", example="hanse facility collect")
def collect(shell: Shell) -> None:
    """Tidy up: take away what no version needs. No version is deleted."""
    done = shell.client.facility.collect()

    def show() -> None:
        shell.print(f"{words.size(done.freed)} are free now; {words.plural(done.objects, 'object')} taken away.")
        if done.unknown:
            shell.note(f"{words.plural(len(done.unknown), 'object')} unknown here, with manifests of versions: left alone.")
            shell.note("Was an older database restored? `--json` names them.")

    shell.answer(done, show)


@command.verb("delete", example='hanse facility delete weather@1 --reason "replaced by weather@2"')
@click.argument("version", metavar="VERSION")
@click.option("--reason", default="", metavar="TEXT", help="Why.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(shell: Shell, version: str, reason: str, yes: bool) -> None:
    """Delete a version, for good. Its receipt goes into the log, and to its provider."""
    if not yes:
        confirm(shell, f"Delete {version} for good? Nobody can bring it back.")
    one = shell.client.facility.delete(version, reason=reason)
    shell.answer(one, lambda: _show(shell, one))


@command.verb("usage", example="hanse facility usage")
def usage(shell: Shell) -> None:
    """Show what the stored data takes."""
    found = shell.client.facility.usage()
    taken = found.hot + found.cold
    pairs = [
        ("versions", f"{found.versions}, {words.size(found.content)}"),
        ("taken", words.size(taken)),
        ("hot", words.size(found.hot)),
        ("cold", words.size(found.cold) if found.cold else ""),
        ("being stored", words.size(found.staged) if found.staged else ""),
        ("quota", words.size(found.quota)),
    ]
    shell.answer(found, lambda: shell.fields(pairs))


def _contracts(one: StoredVersion) -> str:
    """Say under which contracts a version stands, in the room of a column."""
    more = f" +{len(one.contracts) - 1}" if len(one.contracts) > 1 else ""
    return f"{one.contracts[0]}{more}" if one.contracts else "own"


def _tier(one: StoredVersion) -> str:
    return "deleted" if one.deleted is not None else one.tier


def _show(shell: Shell, one: StoredVersion) -> None:
    origin = one.origin
    shell.fields(
        [
            (one.id, _tier(one)),
            ("files", f"{one.files}, {words.size(one.size)}"),
            ("root", one.root),
            ("verified", "against the provider's checksums" if one.sums == "provider" else "its checksums were made here"),
            ("contract", ", ".join(one.contracts)),
            ("made of", ", ".join(each.version for each in one.made_of)),
            ("provider", one.provider or ""),
            ("dataset", one.dataset or ""),
            ("order", one.order or ""),
            ("space", one.space or ""),
            ("places", ", ".join(origin.places)),
            ("collected", origin.collection or ""),
            ("rights", origin.rights or ""),
            ("stored", words.moment(one.stored)),
            ("deleted", words.moment(one.deleted)),
            ("receipt", one.receipt or ""),
            ("must stay", one.kept or ""),
        ]
    )
    if one.made_of:
        shell.note(f"How it was made, step by step: hanse explain {one.id}")


def _say(shell: Shell, verdict: FacilityVerdict) -> None:
    read = f"{words.plural(verdict.versions, 'version')}, {words.plural(verdict.files, 'file')}, {words.size(verdict.size)}"
    if verdict.sound:
        shell.print(f"Everything is as it was stored: {read}.")
        return
    shell.print(f"{words.plural(verdict.count, 'fault')} in {read}:")
    for fault in verdict.faults:
        shell.print(f"  {fault.version}{_place(fault)}: {fault.problem}")


def _place(fault: FacilityFault) -> str:
    where = f" {fault.path}" if fault.path is not None else ""
    return where + (f" from byte {fault.offset}" if fault.offset is not None else "") + (f" (pack {fault.pack})" if fault.pack else "")
