"""`hanse demo`: companies and an AI factory form a space, prove who they are and exchange real data, from an empty folder on.

The server is a process of its own, and the story talks to it as any program would: through the Python client.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hanse.cli import demo_factory, demo_terms, demo_training, demo_trust, words
from hanse.cli.demo_data import Good, energy, look_inside, tables, texts
from hanse.cli.kit import define
from hanse.cli.shell import Shell
from hanse.client import Client
from hanse.client.model import Dataset, Got
from hanse.client.offers import Description
from hanse.client.profiles import Profile, write
from hanse.kernel.errors import Misconfigured, StorageFailed
from hanse.kernel.tenant import Tenant

if TYPE_CHECKING:
    from hanse.app.server import Server

SPACE = "demo"
PATIENCE = 15.0
SECOND = "energy"
_ACTING = ("anchor", "ada", "bo", "meteo", "library", "factory", "stranger", "registry", "city")
WANTED = "members + until 2035-01-01"
"""What the factory asks for at first; the provider's offer ends earlier, and it counters with that."""


@define("demo", example="hanse demo --into ./demo-output")
@click.option(
    "--into", type=click.Path(path_type=Path), default=Path("demo-output"), show_default=True, help="Where the fetched data goes."
)
@click.option("--keep", is_flag=True, help="Leave the space running at the end, until Ctrl-C.")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="The server's port; by default 8400, or a free one.")
def command(shell: Shell, into: Path, keep: bool, port: int | None) -> None:
    """See companies exchange real data, start to end.

    A space with an anchor, two providers and an AI factory is made in a folder of its own, so nothing of yours is touched.
    """
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        home = (
            Path(shell.home_option) if shell.home_option else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hanse-demo-")))
        )
        if (home / "hanse.db").exists():
            raise Misconfigured(
                "There is a space in this home folder already.", where=str(home), hint="Name an empty one, or leave --home out."
            )
        _Story(shell, stack, home, into, port or _free_port()).tell(began, keep)


class _Story:
    """One run: prepare, offer, browse, negotiate, fetch, look."""

    def __init__(self, shell: Shell, stack: contextlib.ExitStack, home: Path, into: Path, port: int) -> None:
        self.shell = shell
        self.stack = stack
        self.home = home
        self.into = into
        self.port = port
        self.say = shell.print
        self.restricted: list[Good] = []
        self.texts = self.table = ""

    def tell(self, began: float, keep: bool) -> None:
        """Tell it from beginning to end."""
        self.say("1. A data space on this machine: an anchor and two providers. Two operators of the anchor decide who joins.")
        goods = self._prepare()
        server = self.stack.enter_context(_server(self.home))
        clients = {name: self.stack.enter_context(Client(home=self.home, participant=name)) for name in _ACTING}
        _wait_until_ready(clients["meteo"], server)
        self._introduce(clients["meteo"])
        space = f"http://localhost:{self.port}/spaces/{SPACE}"
        self.say("\n2. An AI factory joins: it applies, both approve, and its credentials come to its wallet.")
        demo_trust.join_by_approval(self.say, clients, space)
        self.say("\n3. A stranger, whom nobody has approved, asks a provider for its catalogue.")
        demo_trust.refuse_stranger(self.say, clients["stranger"], clients["meteo"], space)
        self.say("\n4. The providers offer public data, each under its own terms.")
        for name, offered in goods.items():
            self._offer(clients[name], name, offered)
        got = self._fetch_all(clients["factory"])
        self._report(got)
        self.say("\n8. Terms that mean something: a purpose, masked columns, three uses.")
        folder = self.home.absolute() / "data" / "meteo"
        demo_terms.use_under_terms(self.say, clients, folder, self.home.absolute() / "fetched")
        self.say("\n9. A contract ends while bytes flow.")
        demo_terms.cut_at_the_end(self.say, clients, folder)
        self._run_factory(clients)
        if not keep:  # who stays wants a factory that is a member
            self.say("\n18. The factory loses its right while it reads.")
            demo_trust.cut_reader(self.say, clients, folder)
        self.say(f"\nDone in {time.monotonic() - began:.1f} s.")
        if keep:
            self._stay(server)

    def _run_factory(self, clients: dict[str, Client]) -> None:
        factory = clients["factory"]
        self.say("\n10. A second space, in which a city offers data for one purpose alone. The factory joins it, too.")
        self._offer(clients["city"], "city", self.restricted)
        demo_factory.join_second_space(self.say, clients, f"http://localhost:{self.port}/spaces/{SECOND}")
        self.say("\n11. One order for both spaces: found, planned, negotiated, fetched, verified, documented, stored.")
        versions = demo_factory.acquire(self.say, factory)
        demo_factory.open_all(self.say, factory, versions)
        self.say("\n12. A mirror of a collection of texts, kept up to date by difference.")
        topics = demo_factory.mirror(self.say, clients, self.home.absolute() / "data" / "library")
        self._train(factory, versions[self.table], [topics, versions[self.texts]])
        self.say("\n17. The evidence of a dataset and of the model, verified in a fresh directory with the network off.")
        demo_factory.prove(self.say, factory, versions[self.restricted[0].title], self.into)
        demo_factory.prove(self.say, factory, demo_training.MODEL, self.into)

    def _train(self, factory: Client, table: str, texts: list[str]) -> None:
        purpose = demo_factory.PURPOSE
        self.say("\n13. The quality of a table, measured for what it is to be used for.")
        demo_training.measure(self.say, factory, table, purpose, self.into)
        self.say(
            "\n14. The texts are made ready for training: read, sifted, masked, tokenised, packed; each step accounts for every record."
        )
        ready = demo_training.make_ready(self.say, factory, texts, purpose)
        self.say("\n15. How far is that from what a model wants, and who has more?")
        demo_training.plan(self.say, factory, self.into)
        self.say("\n16. A small language model is trained on the tokens. What was it trained on?")
        demo_training.train_model(self.say, factory, ready, purpose, self.into)
        demo_training.ask(self.say, factory)

    def _prepare(self) -> dict[str, list[Good]]:
        goods = {}
        for name, gather in (("meteo", tables), ("library", texts), ("city", energy)):
            folder = self.home.absolute() / "data" / name
            folder.mkdir(parents=True)
            goods[name] = gather(folder)
        self.restricted = goods.pop("city")
        self.texts, self.table = goods["library"][-1].title, goods["meteo"][1].title
        (self.home / "hanse.toml").write_text(f"port = {self.port}\n", "utf-8")
        asyncio.run(_make_space(self.home, self.home.absolute() / "data", self.port))
        return goods

    def _introduce(self, factory: Client) -> None:
        for member in factory.members():
            self.say(f"   {member.name:<24} {member.did}")

    def _offer(self, provider: Client, name: str, goods: list[Good]) -> None:
        for good in goods:
            about = Description(
                title=good.title,
                description=good.description,
                keywords=good.keywords,
                licence=good.licence,
                language=good.language,
                spatial=good.places,
                rai={"personalSensitiveInformation": [good.persons]},
            )
            kind = "folder" if good.path.is_dir() else "file"
            asset = provider.assets.create({"kind": kind, "path": str(good.path)}, [good.policy], about)
            self.say(f"   {name:<8} {asset.dataset.title:<56} {words.size(asset.dataset.byte_size):>9}  terms: {good.policy}")

    def _fetch_all(self, factory: Client) -> list[Got]:
        self.say("\n5. The factory browses the catalogues of all members, and proves itself to each.")
        wanted: list[tuple[str, Dataset]] = []
        for catalogue in factory.browse().catalogues:
            for dataset in catalogue.datasets:
                wanted.append((catalogue.participant, dataset))
                self.say(f"   {dataset.title}\n      {dataset.id}, {words.size(dataset.byte_size)}, {dataset.licence}")
        self.say("\n6. It negotiates, fetches and verifies.")
        return [self._fetch(factory, peer, dataset) for peer, dataset in wanted]

    def _fetch(self, factory: Client, peer: str, dataset: Dataset) -> Got:
        self.say(f"   {dataset.title}")
        terms = WANTED if "employment" in dataset.keywords else None

        def told(sentence: str) -> None:
            self.say(f"      {sentence}")

        with self.shell.progress(f"      {dataset.title[:32]}") as progress:
            got = factory.get(
                dataset.id, self.into / _folder_name(dataset), peer=peer, terms=terms, accept_counter=True, progress=progress, tell=told
            )
        if not got.verified:
            raise StorageFailed("The data could not be verified.", where=dataset.id)
        self.say(f"      {words.plural(len(got.files), 'file')}, {words.size(got.size)}, every checksum verified.")
        return got

    def _report(self, got: list[Got]) -> None:
        self.say("\n7. What the factory has now.")
        for one in got:
            self.say(f"   {one.folder}")
        countered = next((one for one in got if any("2030" in sentence for sentence in one.contract.sentences)), got[0])
        self.say("\n   The agreement that was met by a counter-offer, in words:")
        for sentence in countered.contract.sentences:
            self.say(f"      {sentence}")
        self.say("\n   What the data contains:")
        for line in look_inside(self.into):
            self.say(f"      {line}")

    def _stay(self, server: subprocess.Popen[bytes]) -> None:
        self.say(f"\nThe space is running on port {self.port}. Try, in another terminal:")
        for line in ("status", "catalog", "contracts"):
            self.say(f"   hanse {line} --home {self.home} --participant factory")
        self.say("Ctrl-C ends it.")
        with contextlib.suppress(KeyboardInterrupt):
            server.wait()


async def _make_space(home: Path, data: Path, port: int) -> None:
    """Make the space before the server runs, with two operators who decide who joins, and write the operators' profiles."""
    from hanse.app.server import Server
    from hanse.app.space import add_participant, found_space
    from hanse.config import Settings

    server = await Server.open(Settings(home=str(home), port=port))
    try:
        space, anchor = await found_space(server, SPACE, "Demo space")
        made = [anchor]
        for name, title in (("meteo", "Meteo, a company"), ("library", "Library, a city's archive")):
            made.append(await add_participant(server, space, name, title, roots=(str(data / name),)))
        second, registry = await found_space(server, SECOND, "Energy data of cities", anchor="registry")
        made += [registry, await add_participant(server, second, "city", "A city", roots=(str(data / "city"),))]
        tokens = {one.name: one.token for one in made} | await _newcomers(server) | await _two_operators(server, anchor.name, space.name)
    finally:
        await server.stop()
    write(home, {name: Profile(name, f"http://localhost:{port}", token) for name, token in tokens.items()}, "factory")


async def _newcomers(server: Server) -> dict[str, str]:
    """Make participants that have joined nothing yet; return their administrators' tokens."""
    from hanse.participants.roles import SERVER

    tokens = {}
    for name, title in (("factory", "AI factory"), ("stranger", "A stranger")):
        created = await server.management.participants.create(SERVER, name, title)
        tokens[name] = created.administrator.token
    return tokens


async def _two_operators(server: Server, anchor: Tenant, space: str) -> dict[str, str]:
    """Name two operators of the anchor, and let the rulebook ask for both; return their tokens."""
    from hanse.anchor.records import Approval
    from hanse.participants.roles import SERVER, Role

    operators = {name: await server.management.operators.add(SERVER, anchor, name, Role.APPROVE) for name in ("ada", "bo")}
    rules = (await server.management.rulebooks.published(space)).text.replace("approvals: 1", "approvals: 2", 1)
    by = Approval(operator="demo", name="demo", at=server.ground.clock.now())
    await server.management.rulebooks.publish(anchor, space, rules, by)
    return {name: issued.token for name, issued in operators.items()}


@contextlib.contextmanager
def _server(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HANSE_")}
    log = (home / "server.log").open("wb")
    process = subprocess.Popen(  # noqa: S603 - this program itself
        [sys.executable, "-m", "hanse.cli", "serve", "--home", str(home)], env=environment, stdout=log, stderr=log
    )
    try:
        yield process
    finally:
        log.close()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(client: Client, server: subprocess.Popen[bytes]) -> None:
    from hanse.kernel.errors import PeerUnreachable

    end = time.monotonic() + PATIENCE
    while True:
        try:
            client.status()
        except PeerUnreachable:
            if server.poll() is not None or time.monotonic() > end:
                raise Misconfigured(
                    "The demo's server did not start.", hint="Its log is server.log in the home folder; try --home DIR."
                ) from None
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    for wanted in (8400, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Misconfigured("There is no free port on this machine.", where="port")


def _folder_name(dataset: Dataset) -> str:
    """Return the title as a folder's name."""
    plain = "".join(char if char.isalnum() else "-" for char in dataset.title.lower())
    return "-".join(part for part in plain.split("-") if part)[:60]
