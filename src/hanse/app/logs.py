"""Logs: one JSON line per event, with the ids that `hanse explain` takes. A last net takes out what looks like a secret.

    {"at":"2026-03-01T12:00:00.000Z","level":"info","log":"hanse.events","event":"negotiation neg_… is AGREED","id":"neg_…",…}

Nothing is meant to log a secret; the net is for the text of a library's exception, or for a mistake of ours.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import msgspec

from hanse.anchor.records import Admitted, Applied, MembersChanged, RulebookPublished, StatusChanged
from hanse.config import Settings
from hanse.connector.kit import Changed
from hanse.kernel.errors import Misconfigured
from hanse.ledger.records import Appended, Grown
from hanse.participants.records import ParticipantChanged, ParticipantErased
from hanse.wallet.intake import CredentialsChanged
from hanse.wallet.ports import KeysChanged

FILE = "hanse.log"
FILE_BYTES = 10 * 1024 * 1024
FILES = 5
REDACTED = "[redacted]"

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_QUIET = ("asyncio", "uvicorn", "aiohttp", "psycopg", "psycopg.pool")
_LONGEST = 8_000
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_ID = re.compile(r"\b(?:neg|agr|trf|ds|off|op|bak|inv|vc|req|iss|ltr|rfs|led|use)_[0-9a-z]{22}\b")
_WORD = r"(?<![A-Za-z0-9_-])"
_SECRETS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),  # a compact JWS
    re.compile(r"\b(?:hanse_op|inv)_[0-9a-z]+_[A-Za-z0-9_-]{20,}"),  # an operator's token, an invitation's code
    re.compile(r"(?i)(?<=\bbearer )[^\s\"',]+"),
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),  # name and password in an address
    re.compile(
        r"(?i)(?<=[_-]token)[\"']?\s*[:=]\s*[\"']?[^\s\"',&}]+"
        r"|(?<=\btoken)[\"']?\s*=\s*[\"']?[^\s\"',&}]+"
        r"|(?<=password)[\"']?\s*[:=]\s*[\"']?[^\s\"',&}]+"
    ),
    re.compile(_WORD + r"(?:[A-Za-z0-9_-]{43}|[A-Za-z0-9+/]{43}=)(?![A-Za-z0-9_-])"),  # 32 bytes in base64: tokens and keys
)

_OF_SPACES = (Applied, Admitted, MembersChanged, StatusChanged, RulebookPublished)
_OF_PARTICIPANTS = (ParticipantChanged, ParticipantErased, KeysChanged, CredentialsChanged)
_SAID: dict[type[object], str] = {
    Applied: "somebody applies",
    Admitted: "a participant is a member, or has other roles",
    MembersChanged: "its list of members has a new version",
    StatusChanged: "credentials were revoked, suspended or reinstated",
    RulebookPublished: "its rulebook has a new version",
    ParticipantChanged: "was changed",
    ParticipantErased: "was erased",
    KeysChanged: "has other keys: one was rotated, or declared compromised",
    CredentialsChanged: "holds other credentials",
}


def configure(settings: Settings, *, to_file: bool = False) -> None:
    """Send the logs of this process to standard error, or to `logs/hanse.log` in the home folder, which is rotated.

    Raises `Misconfigured` for a level that there is none of, and for a file that cannot be written.
    """
    level = _LEVELS.get(settings.log_level.lower())
    if level is None:
        raise Misconfigured(f"There is no log level {settings.log_level!r}.", where="log_level", hint=f"Use one of {', '.join(_LEVELS)}.")
    handler = _file(settings.home_path / "logs") if to_file else logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one.formatter, JsonLines)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def redact(text: str) -> str:
    """Return the text without what looks like a secret."""
    for pattern in _SECRETS:
        text = pattern.sub(REDACTED, text)
    return text


class JsonLines(logging.Formatter):
    """Makes the line. Fields are what a call gave as `extra`, and the first id that the text names."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line of JSON without secrets."""
        event = record.getMessage()[:_LONGEST]
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "log": record.name,
            "event": redact(event),
        }
        found = _ID.search(event)
        if found is not None:
            line["id"] = found.group()
        line |= {name: _clean(value) for name, value in vars(record).items() if name not in _OWN and not name.startswith("_")}
        if record.exc_info:
            line["trace"] = redact(self.formatException(record.exc_info))[-_LONGEST:]
        return msgspec.json.encode(line, enc_hook=str).decode()


class EventLog:
    """Writes a line for every committed step. Subscribe `heard` to the database's events."""

    def __init__(self) -> None:
        self._log = logging.getLogger("hanse.events")

    def heard(self, event: object) -> None:
        """Write the line, if the event is one for people."""
        if isinstance(event, Changed):
            fields = {"id": event.id, "participant": event.tenant, "step": event.step, "state": event.state}
            by = "us" if event.ours else "peer"
            self._log.info("%s %s is %s", event.kind, event.id, event.state, extra=fields | {"by": by})
        elif isinstance(event, Appended):
            said = {"id": event.agreement, "participant": event.tenant, "entry": event.index, "kind": event.kind}
            self._log.info("ledger %s: %s", event.kind, event.sentence, extra=said)
        elif isinstance(event, Grown):
            self._log.info("ledger: %s entries from %s on", event.count, event.first, extra={"participant": event.tenant})
        elif isinstance(event, _OF_SPACES):
            said = {name: getattr(event, name) for name in ("did", "version") if hasattr(event, name)}
            text = f"space {event.space}: {_SAID[type(event)]}"
            self._log.info(text, extra={"participant": event.tenant, "space": event.space} | said)
        elif isinstance(event, _OF_PARTICIPANTS):
            self._log.info("participant %s %s", event.tenant, _SAID[type(event)], extra={"participant": event.tenant})


def _clean(value: object) -> object:
    return value if isinstance(value, int | float | bool | None) else redact(str(value)[:_LONGEST])


def _file(folder: Path) -> logging.Handler:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / FILE
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))
        return RotatingFileHandler(path, maxBytes=FILE_BYTES, backupCount=FILES, encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"The log cannot be written: {error.strerror}.", where=str(folder / FILE)) from None
