"""Measures the source against the style budget of the house, prints the figures, and fails over budget.

Run as `python tools/style_budget.py [folder]` (default: src/hanse). Docstrings are not counted: a function that explains itself is not
a long one.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LINES_MOST, SHARE_MOST = 25, 0.90  # 90% of all functions have at most 25 lines
LINES_NEARLY_ALL, SHARE_NEARLY_ALL = 50, 0.99  # 99% have at most 50
FILE_LINES = 400
COMPLEXITY = 8
NESTING = 3

Function = ast.FunctionDef | ast.AsyncFunctionDef
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)
_BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)


@dataclass(frozen=True)
class Measured:
    """One function: where it is, its lines without docstring, its complexity (McCabe) and its deepest nesting."""

    where: str
    lines: int
    complexity: int
    nesting: int


def lines_of(function: Function) -> int:
    """Return the number of lines from `def` to the end, without the docstring."""
    total = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands inside `node`, but not what stands inside a function or class within it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        yield child
        yield from own_nodes(child)


def complexity_of(function: Function) -> int:
    """Return one more than the number of branching statements, as ruff's C901 counts them."""
    return 1 + sum(isinstance(node, _BRANCHES) for node in own_nodes(function))


def nesting_of(node: ast.AST) -> int:
    """Return how deep blocks stand within blocks; `elif` is no deeper than its `if`."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        step = isinstance(child, _BLOCKS) and not is_elif
        deepest = max(deepest, nesting_of(child) + step)
    return deepest


def functions_of(path: Path) -> Iterator[Measured]:
    """Yield every function of one file, measured."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Measured(f"{path}:{node.lineno} {node.name}", lines_of(node), complexity_of(node), nesting_of(node))


def share(functions: list[Measured], limit: int) -> float:
    """Return which part of the functions has at most `limit` lines."""
    return sum(f.lines <= limit for f in functions) / len(functions) if functions else 1.0


def budget(functions: list[Measured], files: dict[Path, int]) -> list[tuple[str, bool, list[str]]]:
    """Return for each rule: its figure, whether it holds, and the worst places where it does not."""
    most, nearly_all = share(functions, LINES_MOST), share(functions, LINES_NEARLY_ALL)
    longest = max(files.values(), default=0)
    complexity = max((f.complexity for f in functions), default=0)
    nesting = max((f.nesting for f in functions), default=0)
    by_length = sorted(functions, key=lambda f: -f.lines)
    return [
        (
            f"functions of at most {LINES_MOST} lines: {most:.1%} (at least {SHARE_MOST:.0%})",
            most >= SHARE_MOST,
            [f"{f.where}: {f.lines} lines" for f in by_length if f.lines > LINES_MOST],
        ),
        (
            f"functions of at most {LINES_NEARLY_ALL} lines: {nearly_all:.1%} (at least {SHARE_NEARLY_ALL:.0%})",
            nearly_all >= SHARE_NEARLY_ALL,
            [f"{f.where}: {f.lines} lines" for f in by_length if f.lines > LINES_NEARLY_ALL],
        ),
        (
            f"longest file: {longest} lines (at most {FILE_LINES})",
            longest <= FILE_LINES,
            [f"{path}: {lines} lines" for path, lines in files.items() if lines > FILE_LINES],
        ),
        (
            f"highest complexity: {complexity} (at most {COMPLEXITY})",
            complexity <= COMPLEXITY,
            [f"{f.where}: {f.complexity}" for f in functions if f.complexity > COMPLEXITY],
        ),
        (
            f"deepest nesting: {nesting} (at most {NESTING})",
            nesting <= NESTING,
            [f"{f.where}: {f.nesting}" for f in functions if f.nesting > NESTING],
        ),
    ]


def main(folder: str = "src/hanse") -> int:
    """Print the figures of the folder; return 0 within the budget, 1 over it."""
    paths = sorted(Path(folder).rglob("*.py"))
    functions = [function for path in paths for function in functions_of(path)]
    files = {path: len(path.read_text().splitlines()) for path in paths}
    print(f"style budget: {len(functions)} functions in {len(files)} files, {sum(files.values())} lines")
    over = False
    for figure, holds, places in budget(functions, files):
        print(f"  {'ok  ' if holds else 'OVER'} {figure}")
        if not holds:
            over = True
            print("".join(f"         {place}\n" for place in places[:20]), end="")
    return int(over)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
