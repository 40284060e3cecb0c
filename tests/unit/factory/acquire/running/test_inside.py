"""What the data says of its own use, and whether that forbids what it was ordered for."""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest

from hanse.dcat.holding import HeldFile
from hanse.factory.acquire.records import Limits, Wish
from hanse.factory.acquire.running.inside import FILES, look, objections
from hanse.odrl.names import TRAIN
from tests.unit.factory.acquire.running.fakes import terms

RESERVED = json.dumps([{"location": "/", "tdm-reservation": 1}]).encode()
NON_COMMERCIAL = b"Creative Commons\nAttribution-NonCommercial 4.0 International\n"


def said(contents, *, text="train", action=TRAIN, **wish):
    files = [HeldFile(path, len(one), hashlib.sha256(one).hexdigest()) for path, one in sorted(contents.items())]
    reads = []

    async def read(path, start, end):
        reads.append(path)
        return contents[path][start:end]

    found = asyncio.run(look(files, read))
    assert len(reads) <= FILES
    return objections(found, Wish(query="x", action=action, limits=Limits(), **wish), terms(text))


def test_nothing_said_forbids_nothing():
    assert said({"a.csv": b"x", "README.md": b"# Rain\nPlain.", "LICENSE": b"something else"}) == ()


@pytest.mark.parametrize("path", ["LICENSE", "licence.txt", "COPYING", "data/part1/LICENSE.md"])
def test_a_non_commercial_licence(path):
    found = said({path: NON_COMMERCIAL}, purpose="dpv:Marketing")
    assert len(found) == 1
    assert path in found[0]
    assert said({path: NON_COMMERCIAL}, purpose="dpv:NonCommercialResearch") == ()


def test_a_purpose_that_nobody_stated_may_be_commercial():
    assert said({"LICENSE": NON_COMMERCIAL}) != ()


def test_a_licence_that_the_order_does_not_accept():
    mit = {"LICENSE": b"Permission is hereby granted, free of charge, to any person"}
    assert said(mit, licences=("MIT",)) == ()
    assert "none of the licences that the order accepts" in said(mit, licences=("CC0-1.0",))[0]


def test_the_head_of_a_readme_names_the_licence():
    card = b"---\nlicense: cc-by-nc-4.0\nlanguage: fi\n---\n# Corpus\n"
    assert "README.md" in said({"README.md": card}, purpose="dpv:Marketing")[0]


def test_a_readme_that_points_elsewhere_names_no_licence():
    assert said({"README.md": b"License: see LICENSE\n"}, licences=("MIT",)) == ()


@pytest.mark.parametrize(
    "text",
    [
        b"You may not use this data to train artificial intelligence models.",
        b"The use for machine learning is prohibited. No machine learning.",
        b"Training of AI models is fine, but no text and data mining by others.",
        b"It is strictly\nforbidden for training\nof language models.",
    ],
)
def test_plain_words_in_a_licence(text):
    assert said({"LICENSE": text}) != ()
    assert said({"LICENSE": text}, action="use", text="members") == ()


def test_other_words_are_no_such_words():
    assert said({"LICENSE": b"No warranty. Users need no training. You may train models."}) == ()


def test_a_reservation_of_mining():
    found = said({"tdmrep.json": RESERVED})
    assert len(found) == 1
    assert "reserves" in found[0]


def test_a_reservation_that_cannot_be_read_reserves():
    assert said({"tdmrep.json": b"{"}) != ()
    assert said({"data/rsl.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"}) != ()


def test_a_reservation_does_not_speak_of_other_uses():
    assert said({"tdmrep.json": RESERVED}, action="use", text="members") == ()


def test_a_hundred_thousand_licences_are_not_all_read():
    assert said({f"d{number}/LICENSE": b"fine" for number in range(500)}) == ()
