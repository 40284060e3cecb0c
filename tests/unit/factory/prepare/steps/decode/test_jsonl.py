"""JSONL."""

import json
import random

import pyarrow as pa

from hanse.factory.prepare.steps.decode.limits import Limits
from tests.unit.factory.prepare.steps.decode.reading import read


def test_values_of_any_type_become_texts(tmp_path):
    found = read(
        tmp_path, "a.jsonl", b'{"text":"a","m":1,"o":{"k":[1,null]},"f":0.5,"b":true,"n":null}\n{"text":"b","m":"x","f":1e20}\n{"text":7}\n'
    )
    assert found.rows[0] == {"id": "v@1/a.jsonl#1", "source": "v@1", "text": "a", "m": "1", "o": '{"k":[1,null]}', "f": "0.5", "b": "true"}
    assert found.rows[1] == {"id": "v@1/a.jsonl#2", "source": "v@1", "text": "b", "m": "x", "f": "1e20"}
    assert found.texts[2] == "7"
    assert (found.counts["columns-mixed"], found.counts["columns-empty"]) == (2, 1)


def test_each_bad_line_is_dropped_with_its_own_reason(tmp_path):
    lines = [
        b'{"text":"a"}',
        b"",
        b"nope",
        b"[1]",
        b'{"text":null}',
        b'{"text":" "}',
        b'{"text":"\\ud800"}',
        b'{"text":' + b"[" * 5000,
        b'{"text":"z"}',
    ]
    found = read(tmp_path, "a.jsonl", b"\r\n".join(lines))
    assert found.ids == ["a.jsonl#1", "a.jsonl#9"]
    assert list(found.dropped.values()) == ["json", "json-no-object", "json", "json-depth", "no-text", "no-text"]
    assert next(iter(found.dropped)) == "a.jsonl#3"


def test_lines_and_records_that_are_too_long(tmp_path):
    lines = [b'{"text":"a"}', b'{"text":"' + b"x" * 3000 + b'"}', b'{"text":"' + b"y" * 700 + b'"}', b'{"text":"d"}']
    found = read(tmp_path, "a.jsonl", b"\n".join(lines), limits=Limits(line_bytes=1000, record_bytes=500))
    assert found.ids == ["a.jsonl#1", "a.jsonl#4"]
    assert found.dropped == {"a.jsonl#2": "line-too-long", "a.jsonl#3": "record-too-long"}


def test_columns_that_come_and_go_are_strings_everywhere_and_go_together(tmp_path):
    one = read(tmp_path, "a.jsonl", b'{"text":"a","x":1}\n')
    other = read(tmp_path, "b.jsonl", b'{"y":"2","text":"b","x":"one"}\n')
    whole = pa.concat_tables([*one.tables, *other.tables], promote_options="default")
    assert {str(field.type) for field in whole.schema if field.name != "text"} == {"string"}
    assert whole.column("x").to_pylist() == ["1", "one"]


def test_a_column_that_was_there_once_stays_for_the_rest_of_the_file(tmp_path):
    big = json.dumps({"text": "t" * 100_000}).encode() + b"\n"
    found = read(tmp_path, "a.jsonl", b'{"x":1,"text":"a"}\n' + big * 30)
    schemas = {table.schema for table in found.tables if table.num_rows}
    assert len(found.tables) > 2
    assert len(schemas) == 1


def test_bad_lines_at_the_beginning_do_not_say_what_the_columns_are(tmp_path):
    found = read(tmp_path, "a.jsonl", (b"x" * 1000 + b"\n") * 1100 + b'{"text":"a","n":1}\n')
    assert found.texts == ["a"]
    assert len(found.dropped) == 1100


def test_columns_that_never_end(tmp_path):
    lines = [json.dumps({"text": "t" * 4000, f"c{number}": 1}).encode() for number in range(1500)]
    found = read(tmp_path, "a.jsonl", b"\n".join(lines))
    assert found.dropped == {"a.jsonl": "columns"}
    assert len(found.rows) < 1000


def test_only_what_is_to_be_kept_stays(tmp_path):
    line = b'{"body":"a","text":"t","x":1,"y":2,"l":"de","c":"MIT"}\n'
    found = read(tmp_path, "a.jsonl", line, "CC0-1.0", text="body", language="l", licence="c", keep=("text", "y"))
    assert found.rows == [
        {"id": "v@1/a.jsonl#1", "source": "v@1", "text": "a", "own_text": "t", "y": "2", "language": "de", "licence": "MIT"}
    ]


def test_blocks_and_lines_read_alike(tmp_path):
    """A block in which one line is bad is read line by line; the good lines come out the same."""
    rnd = random.Random(6)
    values = ["ä", "x" * 50, 1, 2.5, True, None, [1], {"k": "v"}, ""]
    lines = [json.dumps({"text": f"t{n}"} | {key: rnd.choice(values) for key in rnd.sample("abcd", 3)}).encode() for n in range(300)]
    good = read(tmp_path, "a.jsonl", b"\n".join(lines))
    bad = read(tmp_path, "a.jsonl", b"\n".join([*lines, b"nope"]))
    assert good.rows == bad.rows
    assert len(good.rows) == 300
    assert bad.dropped == {"a.jsonl#301": "json"}


def test_a_file_called_json_is_jsonl_or_an_array_or_an_object(tmp_path):
    assert read(tmp_path, "a.json", b'{"text":"a"}\n{"text":"b"}\nnope\n').dropped == {"a.json#3": "json"}
    array = read(tmp_path, "a.json", json.dumps([{"text": "a", "n": 1}, 5, {"text": "b", "n": "x"}], indent=1).encode())
    assert (array.texts, array.ids, array.dropped) == (["a", "b"], ["a.json#1", "a.json#3"], {"a.json#2": "json-no-object"})
    assert array.counts["columns-mixed"] == 1
    assert read(tmp_path, "a.json", b'{\n "name": "a",\n "n": {"x": 1}\n}').texts == ['name: a\nn: {"x":1}']
    assert read(tmp_path, "a.json", b"[\n").dropped == {"a.json": "json"}
    assert read(tmp_path, "a.json", b"[" * 5000).dropped == {"a.json": "json-depth"}
    assert read(tmp_path, "a.json", b"[" + b" " * 5000 + b"]", limits=Limits(record_bytes=1000)).dropped == {"a.json": "record-too-long"}
    assert read(tmp_path, "a.json", b"[]").dropped == {"a.json": "no-records"}
