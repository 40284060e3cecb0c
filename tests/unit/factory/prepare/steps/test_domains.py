"""`domains`: which domains most text is from, against counts by hand."""

from __future__ import annotations

import pyarrow as pa
import pytest

from hanse.evidence.personal import redact
from hanse.factory.prepare.registry import step_class
from hanse.factory.prepare.steps.domains import Domains, domain_of
from hanse.kernel.errors import Invalid

PARTS = {
    "0": [("https://a.example.org/x", "ä" * 10), ("http://www.example.org", "b" * 5), ("https://news.test/1", "c" * 24), (None, "d" * 99)],
    "1": [("https://news.test/2", "e" * 2), ("shop.co.uk/1", "f" * 30), ("http://10.0.0.1/x", "g"), ("http://[", "h" * 50)],
    "2": [],
}


def table(rows, part):
    """Return records of a part."""
    found = pa.table(
        {"url": pa.array([url for url, _ in rows], pa.string()), "text": pa.array([text for _, text in rows], pa.large_string())}
    )
    return found.replace_schema_metadata({"part": part})


def run(step, folder):
    """Return what a step counts over all parts."""
    parts = {name: table(rows, name) for name, rows in PARTS.items()}
    step.decide([(name, step.look(one)) for name, one in parts.items()], folder)
    total = {}
    for one in parts.values():
        made = step.apply(one, folder)
        assert made.records.equals(one)
        assert not made.dropped
        for name, count in made.counts.items():
            total[name] = total.get(name, 0) + count
    return total


def test_the_largest_by_bytes(tmp_path):
    (tmp_path / "all").mkdir()
    everything = {"domain shop.co.uk": 30, "domain news.test": 26, "domain example.org": 25, "domain 10.0.0.1": 1, "domains": 4}
    assert run(Domains(share=1.0), tmp_path / "all") == everything
    for how, named in (({"share": 0.5}, 2), ({"share": 0.26}, 2), ({"share": 0.1}, 1), ({"share": 1.0, "most": 3}, 3)):
        folder = tmp_path / str(how)
        folder.mkdir()
        found = run(Domains(**how), folder)
        assert found == dict(list(everything.items())[:named]) | {"domains": 4}


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://user:x@Sub.Example.ORG:8443/p?q", "example.org"),
        ("//cdn.example.org/x", "example.org"),
        ("a.b.gov.uk", "b.gov.uk"),
        ("co.uk", "co.uk"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("localhost", "localhost"),
        ("http://[2001:db8::1]/x", "2001:db8::1"),
        ("http://", ""),
        ("http://*.example.org", ""),
        ("no host at all", ""),
        ("", ""),
    ],
)
def test_domains_of_addresses(address, domain):
    assert domain_of(address) == domain


def test_names_stand_in_the_log_as_they_are_and_parameters_are_checked():
    assert step_class("domains") is Domains
    assert redact("domain xn--bcher-kva.example") == "domain xn--bcher-kva.example"
    for wrong in ({"share": 0}, {"share": 1.1}, {"most": 0}, {"most": 901}):
        with pytest.raises(Invalid):
            Domains(**wrong).check()


def test_records_without_addresses(tmp_path):
    step, bare = Domains(), pa.table({"text": pa.array(["x"], pa.large_string())})
    step.decide([("0", step.look(bare))], tmp_path)
    assert step.apply(bare, tmp_path).counts == {}
