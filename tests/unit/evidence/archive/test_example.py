"""The independent verifier as people run it: `python -I`, where there is no Hanse. Its verdict is ours, on good files and bad ones."""

import ast
import json
import random
import subprocess
import sys

import pytest

from tests.unit.evidence.archive.built import FILES, Case, examine
from tests.unit.evidence.archive.independent import EXAMPLE

TAMPERED = 100
RUN = """
import contextlib, io, json, runpy, sys
sys.modules["hanse"] = None
found = {}
for path in sys.argv[2:]:
    sys.argv[1:] = [path]
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            runpy.run_path(program, run_name="__main__")
            found[path] = ""
        except SystemExit as end:
            found[path] = str(end.code)
print(json.dumps(found))
"""


def run(paths):
    """Return what it says of each file, in one process."""
    code = f"program = {str(EXAMPLE)!r}\n" + RUN
    done = subprocess.run([sys.executable, "-I", "-c", code, "-", *map(str, paths)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_it_is_short_and_needs_nothing_of_hanse():
    source = EXAMPLE.read_text()
    assert len(source.splitlines()) < 150
    tree = ast.parse(source)
    names = {each.name for one in ast.walk(tree) if isinstance(one, ast.Import) for each in one.names}
    names |= {one.module or "" for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
    others = {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names)
    assert others == {"cryptography"}


@pytest.mark.parametrize("kind", ["P-256", "Ed25519"])
def test_a_good_archive_and_a_hundred_tampered_ones(tmp_path, kind):
    raw = Case(kind).pack()
    chance = random.Random(kind)
    paths = [tmp_path / "good.zip"]
    paths[0].write_bytes(raw)
    for number in range(TAMPERED):
        changed = bytearray(raw)
        changed[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        if number % 10 == 9:
            changed = changed[: chance.randrange(len(raw))]
        paths.append(tmp_path / f"{number}.zip")
        paths[-1].write_bytes(changed)
    found = run(paths)
    assert len(found) == TAMPERED + 1
    for path in paths:
        assert (found[str(path)] == "") == examine(path.read_bytes()).verdict.sound, path
        assert path.stem == "good" or found[str(path)].startswith("REFUSED: ")


def test_as_a_command(tmp_path):
    path, data = tmp_path / "rain.zip", tmp_path / "data"
    path.write_bytes(Case().pack())
    for name, content in FILES.items():
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_bytes(content)

    def verify(*more):
        return subprocess.run([sys.executable, "-I", EXAMPLE, *map(str, more)], capture_output=True, text=True, check=False)

    done = verify(path, data)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 files, all of them unchanged" in done.stdout
    (data / "a.csv").write_text("1,3\n")
    done = verify(path, data)
    assert (done.returncode, done.stderr) == (1, "REFUSED: the file a.csv was changed\n")
    assert verify(tmp_path / "no.zip").returncode == 1
    assert verify(data / "a.csv").returncode == 1
