"""Records through descriptions by us and by others (client.croissant)."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from contextlib import suppress

import pytest

from hanse.client.croissant import records
from hanse.client.croissant.plan import steps_of
from hanse.kernel.errors import HanseError, Invalid, Malformed, NotFound
from tests.unit.odrl.strategies import json as any_json


def describe(folder, *fields, files=None, sets=None, **more):
    """Write a description as others do: the context of version 1.0, no hashes."""
    files = files or [{"@type": "cr:FileObject", "@id": "f", "contentUrl": "a.csv", "encodingFormat": "text/csv"}]
    document = {
        "@context": {
            "@vocab": "http://schema.org/",
            "sc": "http://schema.org/",
            "cr": "http://mlcommons.org/croissant/",
            "recordSet": "cr:recordSet",
        },
        "@type": "sc:Dataset",
        "name": "x",
        "distribution": files,
        "recordSet": sets or [{"@type": "cr:RecordSet", "@id": "r", "field": list(fields)}],
        **more,
    }
    (folder / "croissant.json").write_text(json.dumps(document))
    return folder


def field(name, kind="sc:Text", source="f", **extract):
    transform = extract.pop("transform", None)
    what = {"fileObject": {"@id": source}, "extract": extract or {"column": name}}
    return {
        "@type": "cr:Field",
        "@id": f"r/{name}",
        "name": name,
        "dataType": kind,
        "source": what | ({"transform": transform} if transform else {}),
    }


def test_transforms(tmp_path):
    (tmp_path / "a.csv").write_text("file,tags,n\ntrain/1.jpg,a|b,1\nval/2.jpg,,2\n")
    describe(
        tmp_path,
        field("file", column="file", transform={"regex": "(train|val)/.*"}),
        field("tags", transform={"separator": "|"}) | {"isArray": True},
        field("n", ["sc:Integer", "cr:Label"]),
    )
    assert list(records(tmp_path)) == [{"file": "train", "tags": ["a", "b"], "n": 1}, {"file": "val", "tags": None, "n": 2}]


def test_constants_and_inline_data(tmp_path):
    (tmp_path / "a.csv").write_text("n\n1\n")
    splits = {
        "@type": "cr:RecordSet",
        "@id": "s",
        "field": [{"@type": "cr:Field", "@id": "s/name", "dataType": "sc:Text"}],
        "data": [{"s/name": "train"}],
    }
    fixed = {"@type": "cr:Field", "@id": "r/unit", "name": "unit", "dataType": "sc:Text", "value": "mm"}
    describe(tmp_path, sets=[{"@type": "cr:RecordSet", "@id": "r", "field": [field("n", "sc:Integer"), fixed]}, splits])
    assert list(records(tmp_path, "r")) == [{"n": 1, "unit": "mm"}]
    assert list(records(tmp_path, "s")) == [{"s/name": "train"}]
    assert [batch.to_pylist() for batch in records(tmp_path, "s").batches()] == [[{"s/name": "train"}]]


def test_file_sets_with_exclusions(tmp_path):
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(name)
    files = [{"@type": "cr:FileSet", "@id": "f", "encodingFormat": "text/plain", "includes": "*.txt", "excludes": "b*"}]
    name = field("name", fileProperty="filename")
    name["source"] = {"fileSet": {"@id": "f"}, "extract": {"fileProperty": "filename"}}
    describe(tmp_path, name, files=files)
    assert [one["name"] for one in records(tmp_path)] == ["a.txt", "c.txt"]


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("../secret.csv", "records-path"),
        ("/etc/passwd", "records-path"),
        ("x/../../secret.csv", "records-path"),
        ("link.csv", "records-path"),
        ("https://a.example/a.csv", "records-remote"),
        ("urn:hanse:dsp:a:b", "records-remote"),
        ("missing.csv", "records-file"),
        ("", "records-path"),
        (".", "records-file"),
    ],
)
def test_paths_that_are_not_read(tmp_path, url, rule):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("n\n1\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    describe(folder, field("n"), files=[{"@type": "cr:FileObject", "@id": "f", "contentUrl": url, "encodingFormat": "text/csv"}])
    with pytest.raises(Invalid) as error:
        list(records(folder))
    assert error.value.rule == rule


@pytest.mark.parametrize(
    ("data", "kind", "rule"),
    [
        ("n\nx\n", "sc:Integer", "records-read"),
        ("n\n2026-13-01T00:00:00\n", "sc:DateTime", "records-value"),
        ("m\n1\n", "sc:Integer", "records-column"),
        ("n,m\n1\n", "sc:Integer", "records-read"),
        ("n\nä\n".encode("latin-1"), "sc:Text", "records-encoding"),
        ("", "sc:Text", "records-empty"),
    ],
)
def test_files_that_are_not_as_described(tmp_path, data, kind, rule):
    (tmp_path / "a.csv").write_bytes(data if isinstance(data, bytes) else data.encode())
    describe(tmp_path, field("n", kind))
    with pytest.raises(Invalid) as error:
        list(records(tmp_path))
    assert (error.value.rule, error.value.where) == (rule, "a.csv")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"recordSet": []}, NotFound),
        ({"recordSet": [{"@id": "a"}, {"@id": "b"}]}, NotFound),
        ({"distribution": []}, Invalid),
        ({"distribution": [{"@id": "f", "contentUrl": "a.csv", "containedIn": {"@id": "z"}}]}, Invalid),
        ({"distribution": [{"@id": "f", "contentUrl": "a.csv", "encodingFormat": "image/png"}]}, Invalid),
        ({"distribution": [{"@id": "f", "contentUrl": "a.png"}]}, Invalid),
    ],
)
def test_descriptions_that_lead_nowhere(tmp_path, change, error):
    (tmp_path / "a.csv").write_text("n\n1\n")
    (tmp_path / "a.png").write_text("n\n1\n")
    describe(tmp_path, field("n"), **change)
    if change.get("distribution") and change["distribution"][0].get("encodingFormat") == "image/png":
        assert list(records(tmp_path)) == [{"n": "1"}]  # the name of the file says more
        return
    with pytest.raises(error):
        list(records(tmp_path))


def test_what_is_no_description(tmp_path):
    with pytest.raises(NotFound):
        records(tmp_path)
    (tmp_path / "croissant.json").write_text("{")
    with pytest.raises(Malformed):
        records(tmp_path)
    (tmp_path / "croissant.json").write_text("[" * 100_000)
    with pytest.raises(Malformed):
        records(tmp_path)


def test_any_json_is_read_or_refused(tmp_path):
    from hypothesis import given, settings
    from hypothesis import strategies as st

    (tmp_path / "a.csv").write_text("n\n1\n")

    @settings(max_examples=150, deadline=None)
    @given(
        st.fixed_dictionaries({}, optional=dict.fromkeys(("source", "dataType", "isArray", "subField", "name", "@id", "value"), any_json))
    )
    def run(changes):
        describe(tmp_path, {**field("n"), **changes})
        with suppress(HanseError):
            list(records(tmp_path))

    run()


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("a", ("a",)),
        ("$.a.b", ("a", "b")),
        ("$[*].a", ("*", "a")),
        ('"a b".c', ("a b", "c")),
        ("$['a b'][\"c\"]", ("a b", "c")),
        ('"a\\"b"', ('a"b',)),
        ("ä.日", ("ä", "日")),
    ],
)
def test_steps_of_a_path(path, steps):
    assert steps_of(path) == steps


@pytest.mark.parametrize("path", ["$..a", "a[0]", "a[?(@.b)]", '"a', "a["])
def test_paths_that_are_not_understood(path):
    with pytest.raises(Invalid):
        steps_of(path)


def test_memory_stays_bounded(tmp_path):
    line = '{"n":1,"s":"' + "x" * 1_000 + '"}\n'
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(line.encode() * 100_000, 1))
    files = [{"@type": "cr:FileObject", "@id": "f", "contentUrl": "a.jsonl.gz", "encodingFormat": "application/jsonlines"}]
    describe(tmp_path, field("n", "sc:Integer"), field("s"), files=files)
    tracemalloc.start()
    assert sum(one["n"] for one in records(tmp_path)) == 100_000
    assert tracemalloc.get_traced_memory()[1] < 30 << 20
    tracemalloc.stop()
