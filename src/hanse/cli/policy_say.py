"""`hanse policy explain` and `translate`: a policy in sentences, with how far each term is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hanse.cli.files import read_text
from hanse.cli.kit import Function, define, wrong_usage
from hanse.cli.shell import Shell
from hanse.cli.terms import named_terms, peer_of, rules, terms_of

if TYPE_CHECKING:
    from hanse.client.policy_model import CheckedPolicy, Translation

LANGUAGES = ("en", "de", "fr", "nl")
_BADGE_WIDTH = 9


def with_parents(function: Function) -> Function:
    """Add the option that names files with policies from which others inherit; a decorator."""
    return click.option("--parent", "parents", metavar="FILE", multiple=True, help="A policy that others inherit from; may be repeated.")(
        function
    )


@define("explain", example='hanse policy explain "members + count 3 + delete within P30D"')
@click.argument("policy", metavar="TEMPLATE|FILE|ID")
@click.option("--from", "peer", metavar="PEER", help="Who offers what the id names: a member's name or DID (otherwise you).")
@with_parents
@click.option("--lang", "language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="The language.")
def explain(shell: Shell, policy: str, peer: str | None, parents: tuple[str, ...], language: str) -> None:
    """Say a policy in sentences, and how far each of its terms is kept.

    It may be a template, a file, or the id of a dataset, of an offer, of a negotiation or of a contract. ENFORCED is kept by this
    server itself, ATTESTED by the other side's signed evidence, MONITORED is found out afterwards, DECLARED is kept by law only.
    """
    other = peer_of(shell.client, policy) if peer is None else shell.client.did_of(peer)
    terms = named_terms(shell.client, policy, peer)
    checked = shell.client.policies.check(terms, peer=other, parents=[terms_of(one) for one in parents], language=language)

    def show() -> None:
        for one in checked:
            show_terms(shell, one)

    shell.answer([{"sentences": one.sentences, "badges": one.badges, "terms": one.terms} for one in checked], show)


@define("translate", example='hanse policy translate "members + until 2027-01-01" --lang de')
@click.argument("policy", metavar="TEMPLATE|FILE|ID", required=False)
@click.option("--lang", "language", type=click.Choice(LANGUAGES), default=None, help="The language.  [default: en]")
@click.option(
    "--from-english", "source", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Sentences to make a policy of."
)
def translate(shell: Shell, policy: str | None, language: str | None, source: Path | None) -> None:
    """Say a policy in another language, or make a policy of English sentences.

    The sentences are those that this program writes; what it cannot read back is refused, and nothing is guessed.
    """
    if (policy is None) == (source is None):
        wrong_usage("Give either a policy or --from-english FILE.")
    if source is not None:
        said = shell.client.policies.translate(english=read_text(source, "sentences"), language=language)
        shell.answer(said, lambda: shell.json(said.terms))
        return
    assert policy is not None
    found = [shell.client.policies.translate(one, language=language) for one in named_terms(shell.client, policy)]
    shell.answer(found, lambda: _show_sentences(shell, found))


def _show_sentences(shell: Shell, found: list[Translation]) -> None:
    for one in found:
        for sentence in one.sentences:
            shell.print(sentence)


def show_terms(shell: Shell, one: CheckedPolicy) -> None:
    """Print a policy's sentences, then its terms with their badges."""
    for sentence in one.sentences:
        shell.print(sentence)
    _show_badges(shell, one)


def show_badges(shell: Shell, policy: Mapping[str, Any], peer: str) -> None:
    """Print how far each term of an offer or agreement with a peer is kept."""
    for one in shell.client.policies.check([rules(policy)], peer=peer):
        _show_badges(shell, one)


def show_weak(shell: Shell, policies: Sequence[Mapping[str, Any]], peer: str | None) -> None:
    """Print those terms that this kind of server cannot keep by itself, of offers that are not signed yet."""
    for one in shell.client.policies.check([rules(policy) for policy in policies], peer=peer) if policies else ():
        for term in one.badges:
            if term.badge != "ENFORCED":
                shell.print(f"  {term.badge:<{_BADGE_WIDTH}}  {term.sentence}")


def _show_badges(shell: Shell, one: CheckedPolicy) -> None:
    for term in one.badges:
        shell.print(f"  {term.badge:<{_BADGE_WIDTH}}  {term.sentence}{f' ({term.why})' if term.why else ''}")
