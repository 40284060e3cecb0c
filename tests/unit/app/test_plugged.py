"""Left operands of plug-ins in a server: the one of the documents is installed, offered, decided, and ends a right at midnight."""

from __future__ import annotations

import asyncio
import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from hanse.app.plugged import load_operands
from hanse.app.server import Server
from hanse.config import Settings
from hanse.kernel.errors import Misconfigured
from hanse.odrl.constraints.built_in import BUILT_IN
from hanse.plugins import CONSTRAINTS
from tests.docs.pages import ROOT
from tests.unit.http.api.rig import run

PAGE = ROOT / "docs/howto/add-a-constraint.md"
NAME = "https://acme.example/odrl/weekday"


def code():
    """Return the module that the page shows."""
    found = re.search(r"cat > plugins/acme_days\.py <<'END'\n(.*?)^END$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a package with one constraint on the path; undone afterwards."""
    folder = tmp_path / "plugins"

    def install(module="acme_days", text=None, points="weekday = acme_days:weekday"):
        about = folder / f"{module}-1.0.dist-info"
        about.mkdir(parents=True)
        (folder / f"{module}.py").write_text(text or code())
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[{CONSTRAINTS}]\n{points}\n")
        monkeypatch.syspath_prepend(str(folder))

    yield install
    for name in ("acme_days", "other_days"):
        sys.modules.pop(name, None)


def test_the_constraint_of_the_page_has_under_30_lines():
    lines = [line for line in code().splitlines() if line.strip()]
    assert len(lines) < 30


def test_without_plug_ins_there_are_the_built_in_ones():
    assert load_operands([]) is BUILT_IN


def test_a_package_on_the_path_is_found(install):
    install()
    operand = load_operands().find(NAME)
    assert operand is not None
    assert operand.name == NAME
    assert BUILT_IN.find(NAME) is None


def policy(*days):
    return {"permission": [{"action": "use", "constraint": [{"leftOperand": NAME, "operator": "isAnyOf", "rightOperand": list(days)}]}]}


def test_it_is_offered_decided_and_ends_the_right(install, tmp_path):
    install()

    async def scenario(rig):  # it begins on a Sunday
        (checked,) = (await rig.good("POST", "/policies/check", "acme", "read", {"terms": [policy("Sunday", "Monday")]}))["items"]
        assert checked["permitted_now"] is True
        assert checked["badges"][0]["badge"] == "ENFORCED"
        assert 'the day is one of ["Sunday","Monday"]' in checked["sentences"][0]
        _, contract = await rig.agreed(policy("Sunday", "Monday"))
        begun = await rig.good("POST", "/transfers", "zoo", "operate", {"contract": contract})
        await rig.until(f"/transfers/{begun['id']}", "zoo", "STARTED")
        rig.clock.advance(hours=48)
        status, answer = await rig.ask("POST", "/transfers", "zoo", "operate", {"contract": contract})
        if status < 300:
            shown = await rig.good("GET", f"/transfers/{answer['id']}?wait=10&until=TERMINATED,STARTED", "zoo")
            assert shown["state"] != "STARTED"

    run(tmp_path, scenario, operands=load_operands())


@pytest.mark.parametrize(
    ("module", "text", "points", "told"),
    [
        ("other_days", "weekday = 42\n", "weekday = other_days:weekday", "it has no name"),
        ("other_days", "raise RuntimeError('no')\n", "weekday = other_days:weekday", "RuntimeError: no"),
        ("other_days", "\n", "weekday = other_days:weekday", "AttributeError"),
        ("other_days", "\n", "weekday = absent_days:weekday", "ModuleNotFoundError"),
    ],
)
def test_a_server_does_not_start_with_a_broken_one(install, tmp_path, module, text, points, told):
    install(module, text, points)
    with pytest.raises(Misconfigured) as error:
        asyncio.run(Server.open(Settings(home=str(tmp_path / "home"))))
    assert "'weekday'" in error.value.message
    assert told in error.value.message
    assert not Path(tmp_path / "home").exists()


def test_nobody_redefines_a_term(install):
    install()
    points = [EntryPoint(name, "acme_days:weekday", CONSTRAINTS) for name in ("one", "two")]
    with pytest.raises(Misconfigured, match=r"'two'.*taken"):
        load_operands(points)
