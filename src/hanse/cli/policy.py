"""`hanse policy`: terms by name, and what a policy says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hanse.cli import policy_compare, policy_say, policy_simulate, words
from hanse.cli.kit import Noun, wrong_usage
from hanse.cli.shell import Shell
from hanse.cli.terms import terms_of
from hanse.kernel.errors import Conflict, Invalid

if TYPE_CHECKING:
    from hanse.client.policy_model import CheckedPolicy

CONTEXT = "http://www.w3.org/ns/odrl.jsonld"


@click.group("policy", cls=Noun, default="list")
def command() -> None:
    """Terms: the templates, and what a policy says."""


command.add_command(policy_say.explain)
command.add_command(policy_say.translate)
command.add_command(policy_simulate.command)
command.add_command(policy_compare.diff)
command.add_command(policy_compare.match)


@command.verb("list", example="hanse policy list")
@click.option("--class", "number", type=click.IntRange(1, 25), metavar="NUMBER", help="Only those of this IDSA policy class.")
def show_list(shell: Shell, number: int | None) -> None:
    """Terms: the templates, and what a policy says.

    Lists the policies that can be named instead of written. They combine with +, e.g. "members + until 2027-01-01".
    """
    found = [one for one in shell.client.policies.list() if number is None or number in one.classes]
    rows = [(one.usage, one.meaning) for one in found]
    shell.answer(found, lambda: shell.table(("POLICY", "MEANING"), rows, "This server knows no templates."))


@command.verb("new", example='hanse policy new "members + count 3 + delete within P30D" --out three-uses.json')
@click.argument("templates", metavar="TEMPLATE", nargs=-1, required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it there; otherwise it is printed.")
def new(shell: Shell, templates: tuple[str, ...], out: Path | None) -> None:
    """Write a policy of templates as ODRL JSON.

    Several templates are joined by +. A policy that could not be offered is refused, and nothing is written.
    """
    text = " + ".join(templates)
    if isinstance(terms_of(text), Mapping):
        wrong_usage("Name templates, such as members; a file is a policy already.")
    (checked,) = shell.client.policies.check([text])
    for fault in checked.faults:
        raise Invalid(f"This could not be offered: {fault.reason}.", where=fault.field, rule="policy", hint=fault.hint or None)
    policy = {"@context": CONTEXT, "@type": "Set", **checked.terms}
    if out is None:
        shell.json(policy)
        return
    _write(out, policy)
    shell.answer({"file": str(out), "sentences": checked.sentences}, lambda: _written(shell, out, checked))


def _write(path: Path, policy: Mapping[str, Any]) -> None:
    import msgspec

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(msgspec.json.format(msgspec.json.encode(policy), indent=2).decode() + "\n")
    except FileExistsError:
        raise Conflict("There is a file of this name.", where=str(path), rule="exists", hint="Choose another name, or remove it.") from None
    except OSError as error:
        raise Invalid(f"The file cannot be written: {error.strerror}.", where=str(path), rule="file") from None


def _written(shell: Shell, path: Path, checked: CheckedPolicy) -> None:
    shell.print(str(path))
    for sentence in checked.sentences:
        shell.note(sentence)


@command.verb("check", example='hanse policy check "members + until 2027-01-01"')
@click.argument("policies", metavar="TEMPLATE|FILE", nargs=-1, required=True)
@click.option("--for", "peer", metavar="DID", help="Decide for this participant (otherwise: for some active member).")
@policy_say.with_parents
@click.option("--lang", "language", type=click.Choice(policy_say.LANGUAGES), default="en", show_default=True, help="The language.")
@click.pass_context
def check(ctx: click.Context, shell: Shell, policies: tuple[str, ...], peer: str | None, parents: tuple[str, ...], language: str) -> None:
    """Say what policies mean, how far each term is kept, what is wrong, and whether they permit a use now.

    The exit code is 1 if this server could not offer one of them.
    """
    terms, above = [terms_of(one) for one in policies], [terms_of(one) for one in parents]
    checked = shell.client.policies.check(terms, peer=peer, parents=above, language=language)
    shell.answer(checked, lambda: _show(shell, checked))
    ctx.exit(1 if any(one.faults for one in checked) else 0)


def warn(shell: Shell, policies: Sequence[str | Mapping[str, Any]]) -> None:
    """Say what the space does not know of what policies ask for. They are good all the same: rulebooks change."""
    checked = shell.client.policies.check(policies) if policies else []
    for warning in dict.fromkeys(text for one in checked for text in one.warnings):
        shell.note(f"Warning: {warning}")


def _show(shell: Shell, checked: list[CheckedPolicy]) -> None:
    for number, one in enumerate(checked):
        if number:
            shell.print()
        policy_say.show_terms(shell, one)
        for fault in one.faults:
            shell.print(f"  cannot be offered here: {fault.reason} ({fault.field})")
            if fault.hint:
                shell.print(f"    {fault.hint}")
        shell.print(f"  now: {'permitted' if one.permitted_now else 'not permitted'}")
        for warning in one.warnings:
            shell.print(f"  warning: {warning}")
        for reason in (*one.reasons, *(f"unknown: {fact}" for fact in one.unknown)):
            shell.print(f"  - {reason}")
        if one.valid_until is not None:
            shell.print(f"  until {words.moment(one.valid_until)}")
