"""`hanse serve`: run the server of a home folder."""

from __future__ import annotations

from hanse.cli.kit import define
from hanse.cli.shell import Shell


@define("serve", example="hanse serve --home /srv/hanse")
def command(shell: Shell) -> None:
    """Run the server of a home folder.

    It runs until Ctrl-C or SIGTERM, and then lets running requests end. It listens on loopback unless the settings say
    otherwise, and does not start open to a network without TLS.
    """
    from hanse.app.server import run
    from hanse.config import load

    settings, _ = load(shell.home_option)
    shell.note(f"Serving {settings.home} at {settings.public_root}. Ctrl-C stops it.")
    run(settings)
    shell.note("Stopped.")
