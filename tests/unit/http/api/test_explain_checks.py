"""Every rule by which claims can be refused has a question of its own in an explanation."""

from __future__ import annotations

import ast
from pathlib import Path

import hanse
from hanse.http.api.explaining.peers import CHECKS

SOURCE = Path(hanse.__file__).parent
FILES = [*(SOURCE / "identity/credentials").glob("*.py"), SOURCE / "identity/proof.py", SOURCE / "identity/self_issued.py"]
# What the other files of `trust` refuse is a register, a rulebook or a running transfer, never what somebody presents.
FILES += [SOURCE / "trust" / name for name in ("faults.py", "verifier.py", "examine.py", "refusals.py", "keeping.py", "tokens.py")]


def test_every_rule_has_its_question():
    found = {rule for path in FILES for rule in rules_of(path)}
    assert found >= {"revoked", "suspended", "expired", "key-unknown", "status-index", "too-slow", "audience", "schema"}, (
        "it looks in the wrong place"
    )
    assert found - set(CHECKS) == set()
    assert set(CHECKS) - found == set(), "nobody refuses for these any more"


def rules_of(path):
    """Return the rules that a file names: where it makes a refusal, or passes one through a name of its own."""
    for function in (one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)):
        for call in (one for one in ast.walk(function) if isinstance(one, ast.Call)):
            yield from said(function, rule_in(call), path)


def rule_in(call):
    """Return the expression that says a call's rule, if it is one that makes a refusal."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    named = next((one.value for one in call.keywords if one.arg == "rule"), None)
    if named is None and name in {"refusal", "_refusal"} and len(call.args) > 2:
        return call.args[2]
    return named


def said(function, value, path):
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return {value.value}
    if isinstance(value, ast.IfExp):
        return said(function, value.body, path) | said(function, value.orelse, path)
    if not isinstance(value, ast.Name):
        return set()  # none, or that of another error (`fault.rule`)
    if value.id in {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}:
        return set()  # whoever calls says it
    found = set().union(*(said(function, one, path) for one in assigned(function, value.id)))
    assert found, f"{path.name}: what `{value.id}` can be is not seen"
    return found


def assigned(function, name):
    """Yield the expressions that are assigned to a name in a function."""
    for one in ast.walk(function):
        targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
        for target in targets:
            if isinstance(target, ast.Name) and target.id == name:
                yield one.value
            elif isinstance(target, ast.Tuple) and isinstance(one.value, ast.Tuple):
                yield from (value for item, value in zip(target.elts, one.value.elts, strict=True) if getattr(item, "id", "") == name)
