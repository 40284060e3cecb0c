"""The wallet's ports in dicts, and a postman that answers as it is told."""

import asyncio
import copy

from hanse.wallet.ports import MailAnswer


def after_in_order(items, key, after, limit):
    return sorted((one for one in items if after is None or key(one) > after), key=key)[:limit]


class HeldInMemory:
    def __init__(self):
        self.rows = {}

    def get(self, tenant, id):
        return self.rows.get((tenant, id))

    def put(self, held):
        self.rows[held.tenant, held.id] = held

    def delete(self, tenant, id):
        self.rows.pop((tenant, id), None)

    def page(self, tenant, *, after, limit):
        return after_in_order((one for one in self.rows.values() if one.tenant == tenant), lambda one: one.id, after, limit)


class RequestsInMemory:
    def __init__(self):
        self.rows = {}

    def get(self, tenant, holder_pid):
        return self.rows.get((tenant, holder_pid))

    def put(self, request):
        self.rows[request.tenant, request.holder_pid] = request

    def delete(self, tenant, holder_pid):
        self.rows.pop((tenant, holder_pid), None)

    def page(self, tenant, *, after, limit):
        return after_in_order((one for one in self.rows.values() if one.tenant == tenant), lambda one: one.holder_pid, after, limit)

    def due(self, now, *, limit):
        due = [one for one in self.rows.values() if one.due is not None and one.due <= now]
        return sorted(due, key=lambda one: (one.due, one.tenant, one.holder_pid))[:limit]

    def next_due(self):
        return min((one.due for one in self.rows.values() if one.due is not None), default=None)


class LettersInMemory:
    def __init__(self):
        self.rows = {}

    def get(self, id):
        return self.rows.get(id)

    def put(self, letter):
        self.rows[letter.id] = letter

    def delete(self, id):
        self.rows.pop(id, None)

    def longest_due(self, now, busy):
        due = [one for one in self.rows.values() if one.due <= now and one.to not in busy]
        return min(due, key=lambda one: one.due, default=None)

    def next_due(self, busy):
        return min((one.due for one in self.rows.values() if one.to not in busy), default=None)

    def to(self, tenant, receiver):
        return sorted(one.id for one in self.rows.values() if (one.tenant, one.to) == (tenant, receiver))


class ReplaysInMemory:
    def __init__(self):
        self.rows = {}

    def consume(self, tenant, issuer, jti, expires):
        first = (tenant, issuer, jti) not in self.rows
        self.rows.setdefault((tenant, issuer, jti), expires)
        return first


class Tx:
    def __init__(self):
        self.held = HeldInMemory()
        self.requests = RequestsInMemory()
        self.letters = LettersInMemory()
        self.replays = ReplaysInMemory()
        self.events = []

    def emit(self, event):
        self.events.append(event)


class Memory:
    """A database of one transaction at a time. Runs each writing work twice, as a database under contention may.

    What a work has changed is thrown away if it raises, except what the error says is to be kept.
    """

    def __init__(self):
        self.tx = Tx()
        self.subscribers = []

    async def run(self, work):
        await asyncio.sleep(0)  # whatever else wants to run does so now
        try:
            work(copy.deepcopy(self.tx))
        except Exception as first:  # noqa: BLE001 - as a lost race would, it is tried again
            assert str(first) is not None
        attempt = copy.deepcopy(self.tx)
        attempt.events = []
        try:
            result = work(attempt)
        except Exception as error:
            kept = copy.deepcopy(self.tx)
            if getattr(error, "keep", None) is not None:
                error.keep(kept)
            self.tx = kept
            raise
        self.tx = attempt
        for event in attempt.events:
            for subscriber in self.subscribers:
                subscriber(event)
        return result

    async def read(self, work):
        return work(copy.deepcopy(self.tx))


class Postman:
    """Answers each letter with what is next in `answers` for its receiver, or 201; holds back while `gate` is closed."""

    def __init__(self):
        self.posted = []
        self.under_way = 0
        self.most = 0
        self.answers = {}
        self.gate = asyncio.Event()
        self.gate.set()

    def will_answer(self, to, *answers):
        self.answers[to] = [one if isinstance(one, MailAnswer) else MailAnswer(status=one) for one in answers]

    async def post(self, tenant, to, service, path, body, token):
        self.posted.append((tenant, to, service, path, body, token))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await self.gate.wait()
        self.under_way -= 1
        waiting = self.answers.get(to)
        return waiting.pop(0) if waiting else MailAnswer(status=201, location=f"https://{to.rpartition(':')[2]}/requests/1")
