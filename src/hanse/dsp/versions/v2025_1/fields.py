"""Bytes to a JSON object, and the checks of one field each. Whatever fails says where, and which rule."""

from __future__ import annotations

from typing import Final

import msgspec

from hanse.kernel.errors import Invalid, Malformed

CONTEXT: Final = "https://w3id.org/dspace/2025/1/context.jsonld"
"""The JSON-LD context of DSP 2025-1. Bodies are read as plain JSON, so it is compared and never fetched."""

MAX_PID: Final = 512
MAX_ADDRESS: Final = 2_048
MAX_REASONS: Final = 32
MAX_REASON: Final = 2_000
MAX_DEPTH: Final = 64

JsonObject = dict[str, object]

# Control characters and those that turn the writing direction: a reason is shown to people, in terminals too.
_UNSHOWN = {code: " " for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)) if code not in (9, 10)}

_decoder = msgspec.json.Decoder()


def read_object(body: bytes) -> JsonObject:
    """Return the JSON object in `body`, at most `MAX_DEPTH` levels deep.

    Raises `Malformed` when it is no JSON, too deep, or no object at its top.
    """
    try:
        value = _decoder.decode(body)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"The body is not JSON in UTF-8: {str(error)[:200]}.", where="body") from None
    if type(value) is not dict:
        raise Malformed("The body is JSON, but not an object.", where="body", hint="Send one message: { ... }.")
    # No body is deeper than it has opening brackets, so that most are measured by counting bytes.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and is_deep(value):
        raise _too_deep()
    # Databases cannot keep U+0000 in text. (An escaped backslash before `u0000` is refused as well; nobody writes it.)
    if b"\\u0000" in body:
        raise Malformed("The body holds the character U+0000.", where="body", hint="Leave it out.")
    return value


def _too_deep() -> Malformed:
    return Malformed(f"The body is nested more than {MAX_DEPTH} levels deep.", where="body")


def is_deep(value: object) -> bool:
    """Say whether a JSON value has more than `MAX_DEPTH` levels."""
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return [child for child in value.values() if isinstance(child, dict | list)]
    if isinstance(value, list):
        return [child for child in value if isinstance(child, dict | list)]
    return []


def check_context(message: JsonObject) -> None:
    """Require the DSP context among those of the message (DSP 2025-1, context-schema).

    Further contexts may stand beside it. One text instead of a list is tolerated; an inline context is not, because it
    could give the terms another meaning. Raises `Invalid`.
    """
    context = message.get("@context")
    if context == [CONTEXT] or context == CONTEXT:
        return
    if not isinstance(context, list) or CONTEXT not in context or not all(isinstance(item, str) for item in context):
        raise Invalid("@context does not name DSP 2025-1.", where="@context", rule="context", hint=f'Send ["{CONTEXT}"].')


def type_of(message: JsonObject) -> str:
    """Return `@type`, which is one bare term in compact form (DSP 2025-1, 4). Raises `Invalid`."""
    name = message.get("@type")
    if not isinstance(name, str):
        problem = "is missing" if name is None else "is not one text"
        raise Invalid(f"@type {problem}.", where="@type", rule="type", hint='Send the bare term, e.g. "ContractRequestMessage".')
    return name


def check_type(message: JsonObject, expected: str) -> None:
    """Require `@type` to be `expected`. Raises `Invalid`, naming both."""
    name = type_of(message)
    if name != expected:
        raise unexpected(name, expected)


def unexpected(found: str, expected: str) -> Invalid:
    """Return the error for a message of another type than this place takes."""
    return Invalid(f"This is a {shown(found)}; here a {expected} is expected.", where="@type", rule="type")


def text(message: JsonObject, name: str, where: str = "", limit: int = MAX_ADDRESS) -> str:
    """Return the required, non-empty text `name` of at most `limit` characters. Raises `Invalid`."""
    value = message.get(name)
    if type(value) is not str:
        raise _not_text(value, where + name)
    if not value or len(value) > limit or not value.isprintable():
        raise _bad_text(value, where + name, limit)
    return value


def optional_text(message: JsonObject, name: str, where: str = "", limit: int = MAX_ADDRESS) -> str | None:
    """Return the text `name`, or `None` when it is absent or null. Raises `Invalid`."""
    return None if message.get(name) is None else text(message, name, where, limit)


def pid(message: JsonObject, name: str) -> str:
    """Return a process id: text that can stand in a path. Raises `Invalid`."""
    value = text(message, name, limit=MAX_PID)
    if value in (".", ".."):
        raise Invalid(f"{name} cannot stand in a path.", where=name, rule="pid")
    return value


def address(message: JsonObject, name: str) -> str:
    """Return a base URL to which paths are appended (DSP 2025-1, 4.3: callbackAddress). Raises `Invalid`.

    Whether we are willing to connect there is decided by who connects, not here.
    """
    value = text(message, name)
    if not value.lower().startswith(("https://", "http://")) or any(sign in value for sign in "?# \\"):
        raise Invalid(f"{name} is not a base URL.", where=name, rule="address", hint="Send https://host/path without query or fragment.")
    return value


def _not_text(value: object, where: str) -> Invalid:
    if value is None:
        return Invalid(f"{where} is missing.", where=where, rule="required")
    return Invalid(f"{where} is not text.", where=where, rule="text")


def _bad_text(value: str, where: str, limit: int) -> Invalid:
    if len(value) > limit:
        return Invalid(f"{where} is longer than {limit} characters.", where=where, rule="length")
    problem = "holds characters that cannot be shown" if value else "is empty"
    return Invalid(f"{where} {problem}.", where=where, rule="text")


def reasons(message: JsonObject) -> tuple[str, ...]:
    """Return `reason`, whose items may be any JSON, as texts for a person. Absent, null and empty are the same.

    An item over `MAX_REASON` characters is cut: a termination is not refused for being wordy. Raises `Invalid`.
    """
    value = message.get("reason")
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Invalid("reason is not a list.", where="reason", rule="list", hint="Send a list of texts.")
    if len(value) > MAX_REASONS:
        raise Invalid(f"reason has more than {MAX_REASONS} items.", where="reason", rule="length")
    return tuple(readable(item) for item in value)


def readable(value: object) -> str:
    """Return any JSON value as text of at most `MAX_REASON` characters that is safe to show."""
    if isinstance(value, dict) and isinstance(value.get("@value"), str):
        value = value["@value"]  # JSON-LD: a text with its language
    words = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if not words.isprintable():
        words = words[: MAX_REASON + 1].translate(_UNSHOWN)
    return words if len(words) <= MAX_REASON else words[: MAX_REASON - 1] + "…"


def shown(name: str) -> str:
    """Return a foreign word, short and harmless, for use inside an error."""
    return readable(name)[:80] or "message without a name"
