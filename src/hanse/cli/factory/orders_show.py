"""How orders are printed: the plan, progress, and why each dataset is in or out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.cli import words
from hanse.cli.shell import Shell
from hanse.kernel.errors import NotFound

if TYPE_CHECKING:
    from hanse.client.factory.orders_model import Order, OrderItem, OrderRun, OrderTotals

_OUT = frozenset({"left-out", "refused", "cancelled"})
_MOST_SILENT = 10
_MOST_OUT = 5
_COLUMNS = ("NO", "DATASET", "FROM", "STATE", "COST", "SIZE", "TIME", "RISKS")


def show(shell: Shell, order: Order) -> None:
    """Print an order: what it is, its plan, and what it waits for."""
    _head(shell, order)
    taken = [item for item in order.items if item.state not in _OUT]
    if taken:
        shell.print()
        shell.table(_COLUMNS, [_row(item) for item in taken], "")
    if order.items:
        _sum(shell, order, taken)
    elif order.run is not None and order.run.ended is not None:
        _nothing(shell, order)
    _silent(shell, order)
    _out(shell, order, [item for item in order.items if item.state in _OUT])
    for item in taken:
        _questions(shell, item)
    for item in taken:
        _ended(shell, item)
    _advise(shell, order)


def explain(shell: Shell, order: Order, numbers: tuple[int, ...] = ()) -> None:
    """Print why each dataset is in or out, and what has happened. Raises `NotFound` for an item that is not there."""
    unknown = sorted(set(numbers) - {item.number for item in order.items})
    if unknown:
        hint = f"`hanse order show {order.id}` shows them."
        raise NotFound(f"{order.id} has no item {unknown[0]}.", where="items", hint=hint)
    _head(shell, order)
    _silent(shell, order)
    for item in order.items:
        if not numbers or item.number in numbers:
            _explain_item(shell, item, full=bool(numbers))
    if not numbers:
        shell.print()
        rows = [(words.moment(line.at), line.by, line.what, line.detail) for line in order.story]
        shell.table(("WHEN", "WHO", "WHAT", "DETAIL"), rows, "")


def progress(order: Order) -> str:
    """Return one line that says how far it is, e.g. `2 of 3 done, 1.2 GB of 4.0 GB`."""
    totals = order.totals
    if order.state == "SEARCHING" or totals is None:
        return "searching"
    wanted = [item for item in order.items if item.state not in _OUT]
    if not wanted:
        return "nothing is taken"
    done = sum(item.state == "done" for item in wanted)
    now = ", ".join(
        f"{item.number} {item.state} {_share(item)}".strip() for item in wanted if item.state not in ("done", "failed", "asking")
    )
    line = f"{done} of {len(wanted)} done, {words.size(totals.done)} of {words.size(totals.size)}"
    return f"{line}; {now}" if now else line


def _head(shell: Shell, order: Order) -> None:
    wish, run = order.wish, order.run
    limits = wish.limits
    shell.fields(
        [
            (order.id, order.state.lower() if order.cancelled is None or order.state == "CANCELLED" else "being cancelled"),
            ("for", wish.query),
            ("use", " for ".join(part for part in (wish.action.rpartition(":")[2], wish.purpose or "") if part)),
            ("budget", limits.budget or ""),
            ("standing", _every(order)),
            ("why", order.why),
            ("searched", "" if run is None else _searched(run)),
        ]
    )


def _searched(run: OrderRun) -> str:
    return f"{words.plural(run.asked, 'member')} of {words.plural(len(run.spaces), 'space')}, run {run.number}"


def _every(order: Order) -> str:
    standing = order.wish.standing
    if standing is None:
        return ""
    total = f", at most {standing.total.budget} in all" if standing.total.budget else ""
    ahead = f", next {words.moment(order.due)}" if order.due is not None and order.cancelled is None else ""
    return f"every {span(standing.every)}{total}{ahead}"


def _row(item: OrderItem) -> tuple[str, ...]:
    cost = item.cost if item.cost == "free" or item.cost[:1].isdigit() else "unknown"
    if item.price is not None and item.price != item.cost and item.state != "done":
        cost = f"{item.price} at most"
    time = span(item.estimate.seconds) if item.estimate is not None else "unknown"
    state = f"{item.state} {_share(item)}".strip()
    return (
        str(item.number),
        item.title,
        item.provider_name or words.short(item.provider),
        state,
        cost,
        words.size(item.size) or "unknown",
        time if item.state not in ("done", "failed") else "",
        ", ".join(item.risks),
    )


def _share(item: OrderItem) -> str:
    if item.state != "transferring" or not item.size:
        return ""
    return f"{min(100, 100 * item.done // item.size)}%"


def _sum(shell: Shell, order: Order, taken: list[OrderItem]) -> None:
    totals, out = order.totals, len(order.items) - len(taken)
    if totals is None:
        return
    unknown = f" and {totals.unknown_prices} unknown" if totals.unknown_prices else ""
    size = f"{words.size(totals.size)}{f' and {totals.unknown_sizes} unknown' if totals.unknown_sizes else ''}"
    shell.print()
    shell.fields(
        [
            ("cost in all", f"{' + '.join(totals.cost) or 'nothing'}{unknown}" if taken else ""),
            ("size in all", size if taken else ""),
            ("time in all", _time(totals) if any(item.state not in ("done", "failed") for item in taken) else ""),
            ("here", f"{words.size(totals.done)}, {words.size(totals.moved)} over the network" if totals.done or totals.moved else ""),
            ("left out", f"{out}; `hanse order explain {order.id}` says why" if out else ""),
        ]
    )


def _time(totals: OrderTotals) -> str:
    return "unknown: a link was not measured yet" if totals.seconds is None else span(totals.seconds)


def _silent(shell: Shell, order: Order) -> None:
    silent = [] if order.run is None else order.run.silent
    for one in silent[:_MOST_SILENT]:
        shell.print(f"not searched: {one.name or words.short(one.member)}: {one.why}")
    if len(silent) > _MOST_SILENT:
        shell.print(f"not searched: {len(silent) - _MOST_SILENT} more")


def _nothing(shell: Shell, order: Order) -> None:
    shell.print("Nothing was found: every word has to stand in the title, the description or a keyword.")
    if "title:" in order.wish.query:
        shell.note("`title:` compares whole titles; leave it out to look for words.")


def _ended(shell: Shell, item: OrderItem) -> None:
    if item.state == "failed":
        shell.print(f"{item.number} failed: {item.why} {item.hint}".rstrip())
    elif item.state == "done" and item.version:
        shell.print(f"{item.number} is stored as {item.version}")


def _out(shell: Shell, order: Order, out: list[OrderItem]) -> None:
    """Say what was refused after it had been approved, and, where nothing is taken at all, the first reasons why."""
    nothing = len(out) == len(order.items)
    for item in [item for item in out if item.state == "refused" or nothing][:_MOST_OUT]:
        shell.print(f"{item.number} {item.title}: {item.why}")


def _questions(shell: Shell, item: OrderItem) -> None:
    open_ = [question for question in item.questions if question.about != "plan"]
    for question in open_:
        shell.print(f"{item.number} asks ({question.about}): {question.said}")


def _advise(shell: Shell, order: Order) -> None:
    if order.state == "PLANNED":
        shell.note("This is a dry run: nothing was bought. The same without --dry-run orders it.")
    if not order.asks:
        _open(shell, order)
        return
    asking = [item for item in order.items if item.state == "asking"]
    own = [item for item in asking if any(question.about != "plan" for question in item.questions)]
    shell.print()
    if len(own) < len(asking):
        shell.print(f"A person decides: hanse order approve {order.id}")
    if own:
        numbers = " ".join(str(item.number) for item in own)
        shell.print(f"A person decides on each: hanse order approve {order.id} {numbers} (or refuse)")


def _open(shell: Shell, order: Order) -> None:
    """Say how the first that is stored is opened, for what it was ordered for."""
    stored = next((item.version for item in order.items if item.version), None)
    if stored is not None:
        action, purpose = order.wish.action.rpartition(":")[2], order.wish.purpose
        said = ("" if action == "use" else f" --action {action}") + (f" --purpose {purpose}" if purpose else "")
        shell.note(f"Open it: hanse open {stored}{said}")


def _explain_item(shell: Shell, item: OrderItem, *, full: bool) -> None:
    shell.print()
    shell.print(f"{item.number}  {item.title} ({item.dataset}) of {item.provider_name or words.short(item.provider)}: {item.state}")
    if item.why:
        shell.print(f"   {item.why}")
    for reason in item.reasons:
        mark = "?" if reason.fine is None else "+" if reason.fine else "-"
        if full or (item.state != "left-out" and reason.said not in item.why):
            shell.print(f"   {mark} {reason.said}")
    for line in (*(item.terms if full else ()), *item.notes):
        shell.print(f"     {line}")
    if full and item.story:
        shell.print()
        rows = [(words.moment(line.at), line.by, line.what, line.detail) for line in item.story]
        shell.table(("WHEN", "WHO", "WHAT", "DETAIL"), rows, "")


def span(seconds: float) -> str:
    """Return a length of time as people say it, e.g. `40 s`, `3 h 20 min`."""
    if seconds < 1:
        return "under 1 s"
    rest = round(seconds)
    parts = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
