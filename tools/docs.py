"""Renews what the documents take from the code: included source, and the pages of the reference.

`python tools/docs.py` writes; with `--check` it says what is out of date and exits with 1.
"""

from __future__ import annotations

import ast
import asyncio
import itertools
import json
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

    from hanse.http.api.routing import Operation

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
INCLUDE = re.compile(r"(<!-- include (\S+) (\S+) -->\n)(```python\n.*?\n```\n)?", re.DOTALL)
MARK = "<!-- The list below is made by `make docs`. -->"
HEADER = "<!-- Made from the code by `make docs`. Do not edit. -->\n\n"
POLICIES = """# Policies

[Write policies](../howto/write-policies.md) shows them at work. `hanse policy check` says what a policy means, how far each of its
terms is kept, and what is wrong with it.

## Templates

Joined with `+`, all conditions must hold, and all that is owed is owed: `members + count 3 + delete within P30D`. Names with blanks,
commas or `+` in them stand in quotes. TIME is a duration of XML Schema such as `P30D`, or `30 days`. `hanse policy list` shows them, too.

"""
CLASSES = """
## The 25 policy classes

The classes of the International Data Spaces Association: by which templates each is said, where this server keeps it and how, what
proves it, and the best badge that it can have. Towards a peer without an `EvidenceService`, what is ATTESTED here is DECLARED.

"""
BADGES = """
## Badges

Each term of each policy carries one, decided by what this installation can do and shown before anything is signed.

| badge | meaning |
|---|---|
| ENFORCED | This server keeps it: without it no byte is released. |
| ATTESTED | The other side's signed statement says so, and is kept. |
| MONITORED | A breach is found out afterwards, and ends the right. |
| DECLARED | It is agreed on and nothing else: nobody would notice. |
"""
OPERANDS_SAID = """
## ODRL

A policy may be ODRL 2.2 instead, as JSON in any of its forms. What the Dataspace Protocol cannot carry (refinements, consequences,
remedies, inheritance, a strategy for conflicts) can be checked, explained and simulated; offering it is refused, with the field and the
form that would do. Anything that is not known here is refused when a policy is written; in a policy that comes from elsewhere it is
unknown, and unknown never permits.

Left operands, with the best badge that a term with them can have. Names that begin with `urn:hanse:odrl:` are this server's own, the
others those of the [ODRL vocabulary](https://www.w3.org/TR/odrl-vocab/#leftOperands). Installed packages may
[bring more](../howto/add-a-constraint.md).

"""
SETTINGS = """# Settings

In `hanse.toml` of the home folder, or as variables; a variable wins. Lists in variables are separated by commas. Sizes
are in bytes, times in seconds. `hanse settings` shows what is in force and where it came from.

"""
ERRORS = """# Errors and their status codes

Our own interfaces answer with a problem document (RFC 9457): `type` is `urn:hanse:problem:` and a stable word, `detail`
says what is wrong, `field` where, `hint` what would help. The Dataspace Protocol has its own error bodies and fewer
codes: "not there" and "not allowed" look the same, but for claims that are refused (403). The nearest ancestor in
`hanse.kernel.errors` counts.

"""
API = """# The management interface

Below `/api/v1`, JSON, with an operator's token as `Authorization: Bearer TOKEN`. The token says for which participant
it acts. A running server gives out the whole description as OpenAPI 3.1 at `/api/v1/openapi.json`, without a token; the
names below are those of its schemas. Lists answer `{"items": [...], "next": ...}` and take `limit` and `after`.
A host is the operator of the whole server; it names a participant with the header `Hanse-Participant`.
"""


def source_of(path: str, name: str) -> str:
    """Return the source of a function, method or class, without its decorators' file around it."""
    text = (ROOT / path).read_text("utf-8")
    scope: list[ast.stmt] = ast.parse(text).body
    node: ast.stmt | None = None
    for part in name.split("."):
        found = [n for n in scope if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and n.name == part]
        if not found:
            raise SystemExit(f"{path} has no {name}; mend the include")
        node = found[0]
        scope = node.body if isinstance(node, ast.ClassDef) else []
    assert node is not None
    lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[indent:] for line in lines)


def with_includes(text: str) -> str:
    """Return a document with its included code renewed."""
    return INCLUDE.sub(lambda m: f"{m[1]}```python\n{source_of(m[2], m[3])}\n```\n", text)


def protocol() -> str:
    """Return both state machines, as tables and as diagrams."""
    from hanse.dsp import diagram, negotiation, transfer

    pictures = (
        ("Contract negotiation", diagram.markdown(negotiation.TABLE), diagram.mermaid(negotiation.TABLE)),
        ("Transfer process", diagram.markdown(transfer.TABLE), diagram.mermaid(transfer.TABLE)),
    )
    parts = ["# The state machines\n\nFrom `dsp/negotiation.py` and `dsp/transfer.py` (Dataspace Protocol 2025-1, 7.1 and 9.1).\n"]
    parts += [f"\n## {title}\n\n{table}\n```mermaid\n{picture}```\n" for title, table, picture in pictures]
    return "".join(parts)


def settings() -> str:
    """Return every setting with its type, default and meaning."""
    from msgspec import structs

    from hanse.config import Settings

    tree = ast.parse((ROOT / "src/hanse/config.py").read_text("utf-8"))
    meanings = _attribute_docstrings(next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Settings"))
    rows = ["| key | variable | default | meaning |", "|---|---|---|---|"]
    for field in structs.fields(Settings):
        default = tomlish(field.default)
        rows.append(f"| `{field.name}` | `HANSE_{field.name.upper()}` | `{default}` | {meanings[field.name]} |")
    return SETTINGS + "\n".join(rows) + "\n"


def tomlish(value: object) -> str:
    """Return a default as it would stand in `hanse.toml`."""
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _attribute_docstrings(node: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, text in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            assert isinstance(text.value, ast.Constant)
            found[field.target.id] = str(text.value.value)
    return found


def roles() -> str:
    """Return what each role may do."""
    from hanse.participants.roles import RULES

    rows = ["| action | least role | a participant's own operators | the server's host |", "|---|---|---|---|"]
    rows += [f"| {a.value} | {r.least.value} | {'yes' if r.own else ''} | {'yes' if r.host else ''} |" for a, r in RULES.items()]
    return "# Operators' roles\n\nA role includes the roles below it: read < operate < approve < administer.\n\n" + "\n".join(rows) + "\n"


def policies() -> str:
    """Return the policy templates, the classes that they say, the badges, and the left operands that are decided."""
    from hanse.odrl.templates import TEMPLATES

    rows = ["| template | meaning | example | classes |", "|---|---|---|---|"]
    for one in TEMPLATES:
        numbers = ", ".join(map(str, one.classes))
        rows.append(f"| {_code(one.usage)} | {one.meaning} | {_code(one.example)} | {numbers} |")
    return "\n".join([POLICIES + "\n".join(rows), CLASSES + _classes(), BADGES + OPERANDS_SAID + _left_operands()]) + "\n"


def _classes() -> str:
    from hanse.odrl.templates import TEMPLATES
    from hanse.usage.classes import CLASSES

    rows = ["| | class | templates | where | how | proof | best badge |", "|---|---|---|---|---|---|---|"]
    for one in CLASSES:
        said = ", ".join(f"`{template.name}`" for template in TEMPLATES if one.number in template.classes)
        rows.append(f"| {one.number} | {one.name} | {said} | {one.where} | {one.how} | {one.proof} | {one.badge} |")
    return "\n".join(rows)


def _left_operands() -> str:
    from hanse.odrl.constraints.built_in import BUILT_IN

    meanings, phrases = _meanings_of_names(), _phrases()
    rows = ["| left operand | meaning | in words, such as | best badge |", "|---|---|---|---|"]
    for name in BUILT_IN.names():
        operand = BUILT_IN.find(name) or BUILT_IN.find(f"{name}x")  # one that ends with `:` stands for all that begin so
        if operand is not None:
            rows.append(f"| `{name}` | {meanings.get(name, '')} | {phrases.get(name, '')} | {operand.badge} |")
    return "\n".join(rows)


def _phrases() -> dict[str, str]:
    """Return a sentence for each left operand that a template's example uses in a condition."""
    from datetime import UTC, datetime

    from hanse.odrl.constraints.built_in import BUILT_IN
    from hanse.odrl.model import Atomic
    from hanse.odrl.say.grammar import Grammar
    from hanse.odrl.say.languages import language_of
    from hanse.odrl.templates import TEMPLATES, parse_template

    grammar = Grammar(language_of("en"), BUILT_IN)
    found: dict[str, str] = {}
    examples = [parse_template(template.example, datetime(2026, 1, 1, tzinfo=UTC)) for template in TEMPLATES]
    for one in itertools.chain.from_iterable(rule.constraints for terms in examples for rule in terms.permissions):
        operand = BUILT_IN.find(one.left) if isinstance(one, Atomic) else None
        if operand is not None:
            found.setdefault(operand.name, grammar.say_constraint(one))
    return found


def _meanings_of_names() -> dict[str, str]:
    """Return what the names of left operands mean, as their docstrings say it."""
    from hanse.odrl import names

    body = ast.parse((ROOT / "src/hanse/odrl/names.py").read_text("utf-8")).body
    found: dict[str, str] = {}
    for assigned, text in itertools.pairwise(body):
        if isinstance(assigned, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            target = assigned.targets[0]
            value = getattr(names, target.id, None) if isinstance(target, ast.Name) else None
            if isinstance(value, str):
                found[value] = " ".join(str(text.value.value).split()).replace("|", "\\|")
    return found


def _code(text: str) -> str:
    """Return code for a cell of a table, where a bar would end the cell."""
    return f"`{text}`".replace("|", "\\|")


def errors() -> str:
    """Return the errors with their statuses."""
    from hanse.http.errors import TABLE

    rows = ["| error | meaning | own interfaces | Dataspace Protocol |", "|---|---|---|---|"]
    rows += [f"| `{_known_as(kind)}` | {_first_line(kind)} | {row.own} | {row.dsp} |" for kind, row in TABLE.items()]
    return ERRORS + "\n".join(rows) + "\n"


def _known_as(kind: type[BaseException]) -> str:
    return kind.__name__ if kind is not Exception else "any other"


def _first_line(kind: type[BaseException]) -> str:
    return (kind.__doc__ or "").partition("\n")[0] if kind is not Exception else "A fault of this program."


def interface() -> str:
    """Return the operations of the management interface, from the same OpenAPI document that the server gives out."""
    from hanse.http.api.openapi import document

    found = document(_operations())
    rows: dict[str, list[str]] = {}
    for path, methods in found["paths"].items():
        for method, one in methods.items():
            rows.setdefault(one["tags"][0], []).append(_operation_row(method.upper(), path, one))
    head = "| operation | what | takes | answers | who |\n|---|---|---|---|---|\n"
    return API + "".join(f"\n## {tag}\n\n{head}{''.join(listed)}" for tag, listed in rows.items())


def _operations() -> list[Operation]:
    """Return the operations of a server that is made for this alone, and never runs."""
    from hanse.app.server import Server
    from hanse.config import Settings
    from hanse.http.api.management import ManagementApi
    from hanse.http.limits import RateLimiter

    async def read() -> list[Operation]:
        with tempfile.TemporaryDirectory() as home:
            server = await Server.open(Settings(home=home))
            try:
                return ManagementApi(server.front.services, RateLimiter(1.0, 1)).operations
            finally:
                await server.stop()

    return asyncio.run(read())


def _operation_row(method: str, path: str, one: dict[str, Any]) -> str:
    query = ", ".join(f"`{p['name']}`" for p in one["parameters"] if p["in"] == "query")
    body = _schema_name(one.get("requestBody", {}))
    status, answer = next((code, one) for code, one in one["responses"].items() if code.startswith("2"))
    takes = "; ".join(part for part in (f"`{body}`" if body else "", query) if part)
    gives = _schema_name(answer)
    return f"| `{method} {path}` | {one['summary']} | {takes} | {status}{f' `{gives}`' if gives else ''} | {one['description']} |\n"


def _schema_name(content: dict[str, Any]) -> str:
    schema = content.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).rpartition("/")[2]


def commands() -> str:
    """Return the help of every command."""
    import click

    from hanse.cli.root import hanse

    parts = ["# The command line\n"]
    for path, one in _walk(hanse, "hanse"):
        with click.Context(one, info_name=path, terminal_width=100, help_option_names=["-h", "--help"]) as context:
            parts.append(f"\n## {path}\n\n```text\n{one.get_help(context)}\n```\n")
    return "".join(parts)


def _walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    import click

    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _walk(child, f"{path} {name}")


PAGES: dict[str, Callable[[], str]] = {
    "protocol.md": protocol,
    "settings.md": settings,
    "roles.md": roles,
    "policies.md": policies,
    "errors.md": errors,
    "api.md": interface,
    "cli.md": commands,
}


def decisions() -> str:
    """Return the list of decisions, put in place of the one that its page holds."""
    folder = ROOT / "docs" / "decisions"
    found = sorted(folder.glob("[0-9]*.md"))
    titles = [path.read_text("utf-8").partition("\n")[0].removeprefix("# ") for path in found]
    listed = "\n".join(
        f"{title.partition(' ')[0]} [{title.partition(' ')[2]}]({path.name})" for path, title in zip(found, titles, strict=True)
    )
    head, mark, _ = (folder / "README.md").read_text("utf-8").partition(MARK)
    return f"{head.rstrip()}\n\n{mark or MARK}\n\n{listed}\n"


def wanted() -> dict[Path, str]:
    """Return every document that depends on code, as it should be."""
    pages = {REFERENCE / name: HEADER + make() for name, make in PAGES.items()}
    pages[ROOT / "docs" / "decisions" / "README.md"] = decisions()
    for path in sorted((ROOT / "docs").rglob("*.md")):
        text = path.read_text("utf-8")
        if "<!-- include " in text and path not in pages:
            pages[path] = with_includes(text)
    return pages


def main() -> int:
    """Write the documents, or check them."""
    stale = {path: text for path, text in wanted().items() if not path.exists() or path.read_text("utf-8") != text}
    for path, text in stale.items():
        print(("out of date: " if "--check" in sys.argv else "wrote ") + str(path.relative_to(ROOT)))
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    raise SystemExit(main())
