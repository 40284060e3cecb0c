"""Random changes of a log's rows, each alone, 10,000 in `make test-long`: every one is found."""

import random

import msgspec

from hanse.kernel.errors import Conflict
from hanse.ledger.log import PAGE
from hanse.ledger.records import Entry
from hanse.ledger.verifying import Checks, read_page
from tests.thorough import EXAMPLES
from tests.unit.ledger.town import ACME

COLUMNS = {
    "ledger_entries": ("number", "id", "kind", "agreement", "signer", "leaf", "doc"),
    "ledger_nodes": ("level", "number", "node"),
    "ledger_heads": ("size", "edge"),
}


def flipped(value, chance):
    """Return a value with one bit changed, or one character of a text."""
    if isinstance(value, int):
        return value ^ 1 << chance.randrange(8)
    if isinstance(value, str):
        at = chance.randrange(len(value))
        return value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
    changed = bytearray(value)
    bit = chance.randrange(len(changed) * 8)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def means_the_same(before, after):
    """Tell whether a row says the same: base64 can be written in two ways, and when an entry was appended here, nobody signs."""
    try:
        one, other = (msgspec.json.decode(doc, type=Entry) for doc in (before, after))
    except ValueError:
        return False
    return one == msgspec.structs.replace(other, at=one.at)


def harm(tx, tables, chance):
    """Change one thing; tell which, or nothing if it was one that nobody signs, or that the database itself does not let happen."""
    table = chance.choice(list(COLUMNS))
    row = chance.choice(tables[table])
    names = [name for name, _ in row["all"]]
    column = chance.choice(COLUMNS[table])
    value = dict(row["all"])[column]
    changed = flipped(value, chance)
    if column == "doc" and means_the_same(bytes(value), changed):
        return None
    where = " AND ".join(f"{name} = ?" for name in names)
    try:
        assert tx.rows.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (changed, *(one for _, one in row["all"]))) == 1
    except Conflict:
        return None
    return table, column, value, changed


def read_tables(tx):
    found = {}
    for table, columns in COLUMNS.items():
        names = ("tenant", *columns)
        rows = tx.rows.all(f"SELECT {', '.join(names)} FROM {table}")
        found[table] = [{"all": list(zip(names, row, strict=True))} for row in rows]
    return found


class Undone(Exception):
    """Takes what was seen out of a transaction that is undone."""


def test_each_change_is_found(witnessed):
    async def scenario(town):
        await town.fill(11)
        tables = await town.database.read(read_tables)
        keys = await town.database.read(lambda tx: town.ledger.keys(tx, ACME))
        chance, found = random.Random(11), 0

        def verify(tx):
            checks = Checks(keys, ())
            checks.look_at(read_page(tx, ACME, 0, PAGE))
            return checks.end(town.ledger._head(tx, ACME))

        def work(tx):
            raise Undone(harm(tx, tables, chance), verify(tx))

        while found < EXAMPLES:
            try:
                await town.database.run(work)
            except Undone as undone:
                changed, verdict = undone.args
            if changed is not None:
                assert not verdict.sound, changed
                found += 1
        assert (await town.ledger.verify(ACME)).sound

    witnessed(scenario)
