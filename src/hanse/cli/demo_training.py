"""The demo's chapters about training: texts made into tokens, a small model trained on them, and the question what it was trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hanse.cli.demo_net import CONTEXT, train
from hanse.client import Client
from hanse.client.preparing.prepare import prepare
from hanse.client.quality.assess import assess
from hanse.client.reading.shards import shards
from hanse.factory.budget.plot import plot_of as plot_of_plan
from hanse.factory.budget.plot import price_said
from hanse.factory.quality.outline import headlines
from hanse.kernel.errors import Misconfigured

if TYPE_CHECKING:
    from hanse.client.preparing.prepare import Prepared

Say = Callable[[str], None]

MODEL: Final = "town-net"
READY: Final = "town-tokens"
PIPELINE: Final[tuple[object, ...]] = (
    "decode",
    "language",
    "exact-duplicates",
    "near-duplicates",
    "personal",
    {"tokenise": {"vocabulary": 2_048}},
    {"pack": {"context": 128}},
)
USE: Final[dict[str, object]] = {
    "use": "Learn where airports are",
    "columns": {
        "iata": {"nullable": False, "unique": True},
        "latitude": {"type": "number", "min": -90, "max": 90},
        "longitude": {"type": "number", "min": -180, "max": 180},
        "country": {"among": ["USA"]},
    },
    "setting": {"geographical": "The United States and its territories"},
}
"""What the demo's table is for, and what should be true of it."""
WANTED, LANGUAGES = "1e6", "en,de,fr"
"""The model that is planned."""
STEPS: Final = 200
SECONDS: Final = 10.0
_REASONS: Final = 3


def measure(say: Say, factory: Client, version: str, purpose: str, into: Path) -> None:
    """Measure the quality of a version; the report is data, linked data, a page and a PDF."""
    measured = assess(version, use=USE, into=into / "quality", action="train", purpose=purpose, client=factory)
    say(f"   hanse quality assess {version}:")
    for row in headlines(measured.report):
        say(f"   {row.title:<38} {row.value:<10} {row.sure}")
    say(f"   The report is in {measured.folder}: as data, as a page with plots, and as a PDF.")


def make_ready(say: Say, factory: Client, versions: Sequence[str], purpose: str) -> str:
    """Take texts through a pipeline in this process; return the derived version, which stands under the terms of all of them."""
    made = prepare(PIPELINE, inputs=versions, name=READY, action="train", purpose=purpose, client=factory)
    if made.version is None:
        raise Misconfigured("The texts were not stored.", where=READY)
    for line in _told(made):
        say(f"   {line}")
    tokens = made.report.steps[-1].counts.get("tokens", 0)
    under = len(made.version.contracts)
    say(f"   {made.version.id}: {tokens:,} tokens, under the terms of {under} contracts; each step is signed in the log.")
    return made.version.id


def _told(made: Prepared) -> list[str]:
    lines = []
    for step in made.report.steps:
        reasons = sorted(step.reasons.items(), key=lambda one: (-one[1], one[0]))[:_REASONS]
        why = ", ".join(f"{count} {reason}" for reason, count in reasons)
        counts = "" if step.name != "personal" else ", ".join(f"{count} masked {name}" for name, count in sorted(step.counts.items()))
        lines.append(f"{step.name:<17} {step.records_in:>6,} in {step.records_out:>6,} out   {why or counts}")
    return lines


def plan(say: Say, factory: Client, into: Path) -> None:
    """Plan the data of a model: what it wants, what is there, and what the members of all spaces could add."""
    found = factory.plans.make(WANTED, LANGUAGES)
    say(f"   hanse plan --parameters {WANTED} --languages {LANGUAGES}: {found.plan.wanted:,} tokens are wanted.")
    for line in found.plan.languages:
        if line.wanted:
            there = f"{line.counted:>9,} counted {line.estimated:>9,} estimated"
            say(f"   {line.name:<4} {line.wanted:>10,} wanted {there} {line.offered:>9,} on offer {line.missing or 0:>10,} missing")
    for fill in found.plan.fills[:_REASONS]:
        say(f"   {fill.entry.title}: {sum((fill.tokens or {}).values()):,} tokens, {price_said(fill.entry.cost)}")
    say(f"   {found.plan.said[0]}")
    picture = into / "plan.svg"
    picture.write_text(plot_of_plan(found.plan), "utf-8")
    say(f"   As a picture: {picture}")


def train_model(say: Say, factory: Client, version: str, purpose: str, into: Path) -> None:
    """Train a small model on token shards, plot its loss, record what it was trained on, and write its bill of materials."""
    import numpy as np

    with shards(version, action="train", purpose=purpose, client=factory) as ready:
        tokens = np.concatenate(list(ready.batches(64))).reshape(-1).astype(np.int64)
        vocabulary = ready.index.vocabulary
    net, losses = train(tokens, vocabulary, steps=STEPS, seconds=SECONDS)
    first, last = _mean(losses[:10]), _mean(losses[-10:])
    learned = f"loss {first:.2f} -> {last:.2f}  {sparkline(losses)}"
    say(f"   {net.parameters:,} parameters, {len(losses)} steps on {len(tokens):,} tokens: {learned}")
    if not last < first:
        raise Misconfigured("The model did not learn anything.", where=MODEL)
    weights, plot, bill = (into / f"{MODEL}.{ending}" for ending in ("npz", "loss.svg", "cdx.json"))
    weights.write_bytes(net.weights())
    plot.write_text(plot_of(losses), "utf-8")
    facts = {"context": CONTEXT, "steps": len(losses), "loss": f"{last:.3f}"}
    recorded = factory.models.record(MODEL, weights, inputs=[version], code="hanse.cli.demo_net", parameters=facts)
    bill.write_bytes(factory.documents.get(MODEL, "cyclonedx").content)
    say(f"   Its training is entry {recorded.training.entry} of the signed log; its bill of materials is {bill}, its loss {plot}.")


def ask(say: Say, factory: Client) -> None:
    """Ask an authority's question, which the signed log answers, down to what was acquired; and for the risk of it."""
    answer = factory.evidence.ask("datasets-of", MODEL)
    say(f"   hanse evidence datasets-of {MODEL}:")
    for line in answer.lines:
        say(f"   {line.text}")
    [risk] = factory.models.risk(MODEL)
    shares = ", ".join(f"{share.share:.0%} {share.mark}" for share in risk.shares)
    say(f"   Its risk, by share of bytes: {shares or 'none'}.")
    if risk.advice:
        say(f"   What to do first: {risk.advice[0].todo}")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def sparkline(values: Sequence[float], width: int = 32) -> str:
    """Return a curve in one line of text."""
    marks = "▁▂▃▄▅▆▇█"
    size = max(1, len(values) // width)
    means = [_mean(values[start : start + size]) for start in range(0, len(values), size)][:width]
    low, high = min(means), max(means)
    return "".join(marks[round((one - low) / ((high - low) or 1) * (len(marks) - 1))] for one in means)


def plot_of(losses: Sequence[float]) -> str:
    """Return the loss over the steps as a picture (SVG, no script), with a text for those who do not see it."""
    wide, high, left, top = 560, 240, 60, 30
    most, least = max(losses), min(losses)
    scale = (most - least) or 1.0
    points = " ".join(
        f"{left + wide * index / max(1, len(losses) - 1):.1f},{top + high * (most - loss) / scale:.1f}" for index, loss in enumerate(losses)
    )
    told = f"The loss falls from {losses[0]:.2f} to {losses[-1]:.2f} nats per token in {len(losses)} steps."
    heading = f"Loss (nats per token) over {len(losses)} steps"
    labels = "".join(
        f'<text x="{left - 8}" y="{top + high * part + 4:.0f}" text-anchor="end">{most - scale * part:.1f}</text>' for part in (0, 0.5, 1)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 310" role="img" aria-labelledby="t d" font-family="sans-serif"'
        f' font-size="12"><title id="t">Training loss of {escape(MODEL)}</title><desc id="d">{escape(told)}</desc>'
        f'<rect width="640" height="310" fill="#fff"/><text x="{left}" y="18" font-size="14">{heading}</text>'
        f'{labels}<polyline points="{points}" fill="none" stroke="#1565c0" stroke-width="1.5"/>'
        f'<path d="M{left} {top}V{top + high}H{left + wide}" fill="none" stroke="#555"/></svg>\n'
    )
