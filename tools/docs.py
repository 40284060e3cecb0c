"""Renews what the documents take from the code: included source, tables of the protocol, settings, roles, policies, commands.

    python tools/docs.py           # write
    python tools/docs.py --check   # say what is out of date, exit 1
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
INCLUDE = re.compile(r"(<!-- include (\S+) (\S+) -->\n)(```python\n.*?\n```\n)?", re.DOTALL)
HEADER = "<!-- Made from the code by `make docs`. Do not edit. -->\n\n"


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

    parts = ["# The state machines\n\nFrom `dsp/negotiation.py` and `dsp/transfer.py` (Dataspace Protocol 2025-1, 7.1 and 9.1).\n"]
    for title, table in (("Contract negotiation", negotiation.TABLE), ("Transfer process", transfer.TABLE)):
        parts.append(f"\n## {title}\n\n{diagram.markdown(table)}\n\n```mermaid\n{diagram.mermaid(table)}\n```\n")
    return "".join(parts)


def settings() -> str:
    """Return every setting with its type, default and meaning."""
    from msgspec import structs

    from hanse.config import Settings

    tree = ast.parse((ROOT / "src/hanse/config.py").read_text("utf-8"))
    meanings = _attribute_docstrings(next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Settings"))
    rows = ["| key | variable | default | meaning |", "|---|---|---|---|"]
    for field in structs.fields(Settings):
        default = repr(field.default) if not isinstance(field.default, tuple) else "[]"
        rows.append(f"| `{field.name}` | `HANSE_{field.name.upper()}` | `{default}` | {meanings[field.name]} |")
    return "# Settings\n\nIn `hanse.toml` of the home folder, or as variables. `hanse settings` shows what is in force and why.\n\n" + "\n".join(rows) + "\n"


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
    """Return the policy templates."""
    from hanse.odrl.templates import TEMPLATES

    rows = ["| template | meaning |", "|---|---|", *(f"| `{t.usage}` | {t.meaning} |" for t in TEMPLATES)]
    return "# Policy templates\n\nJoined with `+`: `members + until 2027-01-01`.\n\n" + "\n".join(rows) + "\n"


def errors() -> str:
    """Return the errors with their statuses."""
    from hanse.http.errors import TABLE

    rows = ["| error | meaning | own interfaces | Dataspace Protocol |", "|---|---|---|---|"]
    rows += [f"| {kind.__name__} | {row.title} | {row.own} | {row.dsp} |" for kind, row in TABLE.items()]
    return "# Errors and their status codes\n\n" + "\n".join(rows) + "\n"


def commands() -> str:
    """Return the help of every command."""
    import click

    from hanse.cli.root import hanse

    parts = ["# The command line\n"]
    for path, one in _walk(hanse, "hanse"):
        with click.Context(one, info_name=path) as context:
            parts.append(f"\n## {path}\n\n```text\n{one.get_help(context)}\n```\n")
    return "".join(parts)


def _walk(command: object, path: str) -> Iterator[tuple[str, object]]:
    import click

    assert isinstance(command, click.Command)
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
    "cli.md": commands,
}


def wanted() -> dict[Path, str]:
    """Return every document that depends on code, as it should be."""
    pages = {REFERENCE / name: HEADER + make() for name, make in PAGES.items()}
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
