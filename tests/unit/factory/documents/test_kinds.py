"""Every document of generated datasets passes its own validator, or the standard's schema; none holds more than is known."""

from __future__ import annotations

import io
import json
import re
import warnings
from pathlib import Path

import cyclonedx
import jsonschema
import mlcroissant
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_python_model import v3_0_1 as spdx

from hanse.dcat.croissant.names import FILE
from hanse.factory.documents.apart import measure_apart
from hanse.factory.documents.checking import check_document
from hanse.factory.documents.fields import BY_NAME, FIELDS, MAX_ANSWER, NOT_KNOWN, checked, field_of
from hanse.factory.documents.kinds import KINDS, LAWS, OF_MODELS
from hanse.kernel.errors import Invalid, TooLarge
from tests.unit.factory.documents.made import ANSWERS, FOLDERS, MODEL_ANSWERS, NOW, POOR, RICH, files_of, material_of, model_of

CASES = {
    "acquired": {"offered": RICH, "answers": ANSWERS},
    "untold": {"offered": POOR, "sums": "measured"},
    "own": {"own": True, "answers": {"contactName": "Ada"}},
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return a folder of each sort."""
    made = {}
    for name, write in FOLDERS.items():
        made[name] = tmp_path_factory.mktemp(name)
        write(made[name])
    return made


@pytest.fixture(scope="module")
def materials(folders):
    """Return every folder as a version of each case, measured once."""
    measured = {sort: measure_apart(folder, files_of(folder)) for sort, folder in folders.items()}
    return {
        (sort, case): material_of(folder, measured=measured[sort], **how) for sort, folder in folders.items() for case, how in CASES.items()
    }


def valid(kind: str, data: bytes, folder: Path | None = None) -> None:
    """Let the standard's own library or schema judge a document."""
    if kind == "croissant" and folder is not None:
        (folder / FILE).write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert not mlcroissant.Dataset(jsonld=folder / FILE).metadata.ctx.issues.errors
        (folder / FILE).unlink()
    elif kind == "cyclonedx":
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode()) is None
        assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(data.decode().replace('"1.6"', '"1.7"', 1)) is None
    elif kind == "spdx":
        found = spdx.SHACLObjectSet()
        spdx.JSONLDDeserializer().read(io.BytesIO(data), found)
        missing = found.link()
        assert not missing
        assert not [one for one in found.foreach() if type(one).__name__ == "SHACLExtensibleObject"]


@pytest.mark.parametrize("sort", FOLDERS)
@pytest.mark.parametrize("case", CASES)
def test_every_document_is_valid(sort, case, materials, folders):
    material = materials[sort, case]
    for kind, make in KINDS.items():
        made = make(material)
        found = check_document(made.data, NOW)
        assert found.kind == kind
        wrong = [one for one in (*found.findings, *made.findings) if one.severity == "error"]
        assert not [one for one in wrong if one.rule != "required" or one.path not in made.asks], wrong[:5]
        assert not wrong or case != "acquired"
        valid(kind, made.data, folders[sort])
        assert make(material).data == made.data, "the same input gives the same bytes"


@pytest.mark.parametrize("answers", [{}, MODEL_ANSWERS])
def test_bills_of_a_model_name_its_datasets(materials, answers):
    first, second = materials["csv", "acquired"].version, materials["texts", "own"].version
    second = type(second)(**{**{name: getattr(second, name) for name in second.__struct_fields__}, "name": "texts"})
    model = model_of(first, second, answers=answers, gone="lost@3")
    for kind, make in OF_MODELS.items():
        made = make(model)
        assert not check_document(made.data, NOW).findings, check_document(made.data, NOW).findings
        valid(kind, made.data)
        text = made.data.decode()
        assert all(one in text for one in ("rain@1", "texts@1", "lost@3", first.root, second.root, "ab" * 32, "agr_1", "agr_9"))
        assert bool(made.asks) is not bool(answers)
        assert make(model).data == made.data
    graph = json.loads(OF_MODELS["spdx"](model).data)["@graph"]
    [trained] = [one for one in graph if one.get("relationshipType") == "trainedOn"]
    names = {one["spdxId"]: one for one in graph if "spdxId" in one}
    assert [names[one]["type"] for one in trained["to"]] == ["dataset_DatasetPackage"] * 3
    assert names[trained["from"]]["type"] == "ai_AIPackage"


def test_what_nobody_told_is_marked_and_not_made_up(materials):
    material = materials["csv", "untold"]
    for kind in ("datasheet", "card"):
        assert KINDS[kind](material).data.decode().count(f"*{NOT_KNOWN}*") >= 3
    plan = json.loads(KINDS["dmp"](material).data)["dmp"]
    assert (plan["contact"]["name"], plan["contact"]["mbox"]) == (NOT_KNOWN, "not-known@invalid")
    assert plan["ethical_issues_exist"] == plan["dataset"][0]["sensitive_data"] == "unknown"
    assert "contactMail" in KINDS["dmp"](material).asks
    told = json.loads(KINDS["dmp"](materials["csv", "acquired"]).data)["dmp"]
    assert (told["contact"]["mbox"], told["dataset"][0]["language"]) == ("data@factory.example", "deu")
    assert "contactMail" not in KINDS["dmp"](materials["csv", "acquired"]).asks
    assert told["modified"] == told["created"] == "2026-11-26T02:00:00Z"


def test_the_provider_s_word_stays_and_a_person_fills_what_is_open(materials):
    sheet = KINDS["datasheet"](materials["csv", "acquired"]).data.decode()
    assert "One station only." in sheet
    assert "CC-BY-4.0" in sheet
    own = KINDS["datasheet"](materials["csv", "own"])
    assert "data of one's own" in own.data.decode()
    assert {"rai:dataBiases", "creator", "motivation"} <= set(own.asks)
    assert "contactName" not in own.asks


@pytest.mark.parametrize("kind", ["datasheet", "card"])
def test_texts_of_others_have_no_effect(kind, materials):
    text = KINDS[kind](materials["odd-names", "acquired"]).data.decode()
    assert "<script>" not in text.replace("\\<", "")
    lines = text.splitlines()
    for line in lines:
        bare = line.lstrip("> ")
        assert not re.match(r"[=+@]|- \[|\d+\. |#{1,6} (?:Not a)", bare), line
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (3, 4), line
    assert not re.search(r"(?<!\\)[<>]\w", text.replace("\n> ", "\n"))
    assert not re.search(r"(?<!\\)\]\(", text)


def test_terms_stand_in_the_documents(materials):
    for kind in ("datasheet", "card", "dmp"):
        assert "You may train with it." in KINDS[kind](materials["csv", "acquired"]).data.decode()


def test_the_bundled_schemas_say_what_the_published_ones_say(materials):
    """The plan's schema is public domain; that of CycloneDX is compared with the one in its makers' library."""
    folder = Path(check_document.__code__.co_filename).parent / "schemas"
    ours = json.loads((folder / "cyclonedx-1.6.json").read_text())
    theirs = json.loads((Path(cyclonedx.__file__).parent / "schema/_res/bom-1.6.SNAPSHOT.schema.json").read_text())
    assert _asked(ours) == _asked(theirs)
    plan = json.loads((folder / "madmp-1.2.json").read_text())
    jsonschema.Draft202012Validator.check_schema(plan)
    assert set(plan["$defs"]["DMPData"]["required"]) == {
        "contact", "created", "dataset", "dmp_id", "ethical_issues_exist", "language", "modified", "title",
    }  # fmt: skip


def _asked(schema, names=False):
    """Return what a schema asks for, without what is only for readers; `names` tells that the keys are those of properties."""
    if isinstance(schema, dict):
        inner = ("properties", "definitions", "$defs", "patternProperties")
        words = () if names else ("description", "title", "examples", "meta:enum", "$comment")
        return {key: _asked(value, not names and key in inner) for key, value in schema.items() if key not in words}
    return [_asked(one) for one in schema] if isinstance(schema, list) else schema


def test_fields_have_one_name_each_and_say_why():
    assert len(BY_NAME) == len({one.name for one in BY_NAME.values()})
    assert len(FIELDS) == len({one.name for one in FIELDS})
    known = {*KINDS, *LAWS}
    for field in FIELDS:
        assert field.question.endswith(("?", "."))
        assert field.why.endswith(".")
        assert set(field.kinds) <= known
        assert field.kinds


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("contactMail", "no address"),
        ("contactMail", "a@b.example\nBcc: all@b.example"),
        ("datePublished", "yesterday"),
        ("url", "not an address"),
        ("sensitiveData", "maybe"),
        ("creator", "two\nlines"),
        ("motivation", "bell\x07"),
        ("motivation", "right to left \u202e"),
    ],
)
def test_answers_that_do_not_fit(name, text):
    with pytest.raises(Invalid) as caught:
        checked(field_of(name), text)
    assert (caught.value.where, caught.value.rule) == (name, "answer")


def test_answers_that_are_too_long_and_fields_that_are_not_there():
    checked(field_of("motivation"), "x" * MAX_ANSWER)
    with pytest.raises(TooLarge):
        checked(field_of("motivation"), "x" * (MAX_ANSWER + 1))
    with pytest.raises(Invalid) as caught:
        field_of("contactMial")
    assert caught.value.hint == "Perhaps contactMail is meant."
