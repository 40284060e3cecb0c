"""One installation under TLS, as a process of its own: its own folder, port, database and keys.

    SSL_CERT_FILE=authority.pem python installation.py FOLDER NAME PORT NAME...

NAME is where the world reaches it; the names behind the port, which lead to loopback by an injected lookup, are all there are. Prints
the token of the server's first operator as soon as connections are accepted, and serves until SIGTERM.
"""

import asyncio
import sys
from pathlib import Path

import uvloop

from hanse.app.build import Parts
from hanse.app.server import Server, serve
from hanse.app.space import host_token
from hanse.config import Settings


async def main(folder, name, port, names):
    async def lookup(host, port):
        if host not in names:
            raise OSError("there is no such host")
        return ["127.0.0.1"]

    settings = Settings(
        home=str(folder / name),
        host="127.0.0.1",
        port=port,
        public_host=name,
        peers_allow=names,
        tls_certificate=str(folder / f"{name}.pem"),
        tls_key=str(folder / f"{name}.key"),
    )
    server = await Server.open(settings, Parts(lookup=lookup))
    token = await host_token(server)
    ready = asyncio.Event()
    serving = asyncio.create_task(serve(server, ready))
    await ready.wait()
    print(token, flush=True)
    await serving


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), tuple(sys.argv[4:])))
