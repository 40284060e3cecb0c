"""The hooks that the settings name: who is asked about facts that policies depend on."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from hanse.app.build import Ground
from hanse.http.hooks import HttpHook
from hanse.http.peer import PeerClient
from hanse.kernel.errors import Misconfigured
from hanse.odrl.names import HANSE, plain
from hanse.usage.gather import MEASURED


class FactHooks:
    """The hooks, by the left operand of the fact that each is asked about.

    Raises `Misconfigured` for a fact that is not known or is measured here, and for what is no address.
    """

    def __init__(self, ground: Ground) -> None:
        listed = [_split(one) for one in ground.settings.fact_hooks]
        names = [name for name in ground.operands.names() if name not in MEASURED and not name.endswith(":")]
        known = {name.removeprefix(HANSE): name for name in names}
        token = _token(ground.settings.fact_hook_token)
        self._client = PeerClient(ground.guard_for([urlsplit(url).netloc for _, url in listed]))
        self.by_fact: dict[str, HttpHook] = {}
        for name, url in listed:
            operand = known.get(plain(name).removeprefix(HANSE))
            if operand is None:
                raise Misconfigured(f"No hook can tell {name!r}: there is no such fact, or it is measured here.", where="fact_hooks")
            self.by_fact[operand] = HttpHook(self._client, url, token)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()


def _split(text: str) -> tuple[str, str]:
    name, _, url = text.partition("=")
    if not name or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise Misconfigured(
            f"{text!r} is no hook.", where="fact_hooks", hint="Write NAME=URL, e.g. consent=https://consents.example.org/hanse."
        )
    return name, url


def _token(path: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"The token of the hooks cannot be read: {type(error).__name__}.", where="fact_hook_token") from None
