"""The participants' ports in dicts: a transaction that is thrown away if the work raises."""

import copy


def after_in_order(items, key, after, limit):
    return sorted((i for i in items if after is None or key(i) > after), key=key)[:limit]


class ParticipantsInMemory:
    def __init__(self):
        self.rows = {}

    def get(self, name):
        return self.rows.get(name)

    def add(self, participant):
        assert participant.name not in self.rows
        self.put(participant)

    def put(self, participant):
        self.rows[participant.name] = participant

    def page(self, *, after, limit):
        return after_in_order(self.rows.values(), lambda p: p.name, after, limit)

    def delete(self, name):
        del self.rows[name]


class OperatorsInMemory:
    def __init__(self):
        self.rows = {}

    def get(self, tenant, id):
        found = self.rows.get(id)
        return found if found and found.tenant == tenant else None

    def by_token_hash(self, token_hash):
        return next((o for o in self.rows.values() if o.token_hash == token_hash), None)

    def put(self, operator):
        self.rows[operator.id] = operator

    def page(self, tenant, *, after, limit):
        return after_in_order((o for o in self.rows.values() if o.tenant == tenant), lambda o: o.id, after, limit)

    def delete(self, tenant, id):
        if self.get(tenant, id):
            del self.rows[id]


class TombstonesInMemory(ParticipantsInMemory):
    pass


class Tx:
    def __init__(self):
        self.participants = ParticipantsInMemory()
        self.operators = OperatorsInMemory()
        self.tombstones = TombstonesInMemory()
        self.keys = {}
        self.events = []

    def emit(self, event):
        self.events.append(event)


class Memory:
    """A database of one transaction at a time. Runs each writing work twice, as a database under contention may."""

    def __init__(self):
        self.tx = Tx()

    async def run(self, work):
        work(copy.deepcopy(self.tx))
        attempt = copy.deepcopy(self.tx)
        result = work(attempt)
        self.tx = attempt
        return result

    async def read(self, work):
        return work(copy.deepcopy(self.tx))


class KeysInMemory:
    def make(self, tx, tenant, did):
        tx.keys[tenant] = did


class EraserInMemory:
    def erase(self, tx, tenant):
        return {"keys": 1 if tx.keys.pop(tenant, None) else 0, "assets": 3}
