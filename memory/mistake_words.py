"""What a mistake's signature says, for a person; the forms are those of memory.signatures."""

from collections.abc import Callable, Sequence

MAX_CHARS = 160
WHERE = ("asked", "inside")
UNDEFINED = "the solution does not define"


def mistake_words(signature: str) -> str:
    """The signature in words, as in "wrong answers of `total`: low by-one, only for an empty argument"."""
    _, _, told = signature.partition(":")
    kind, _, rest = told.partition(":")
    words = next((say(rest.split(":")) for name, say in _WORDS if name == kind), told)
    return words[:MAX_CHARS]


def _limit(parts: Sequence[str]) -> str:
    what, place = parts[0], ":".join(parts[1:2])
    where = f" in `{place}`" if place else ""
    return f"too slow{where}" if what == "slow" else f"stopped for {what.replace('_', ' ')}{where}"


def _raised(parts: Sequence[str]) -> str:
    said = parts[1:-1] if parts[-1] in WHERE else parts[1:]
    return ", ".join((f"raises {parts[0]}", *(part for part in said if part)))


def _wrong(parts: Sequence[str]) -> str:
    place, way, only, instead = (*parts, "", "", "", "")[:4]
    return "".join((
        f"wrong answers of `{place}`",
        f": {way.replace('/', ' ')}" if way else "",
        f", only for arguments that are {only}" if only else "",
        f", {instead} instead" if instead else "",
    ))  # fmt: skip


def _ended(parts: Sequence[str]) -> str:
    why, place = parts[0], "".join(parts[1:2])
    if why == UNDEFINED:
        return f"{why} what was asked for"
    return f"{why}, when `{place}` was called" if place else why


def _no_code(parts: Sequence[str]) -> str:
    return " ".join(("no code in the reply:", *(part for part in parts if part)))


_OVERTURNED = {
    "shared state": "changes its arguments, or shares what should be new",
    "set order": "depends on the order of a set",
}


def _plainly(parts: Sequence[str]) -> str:
    what, place = parts[0], "".join(parts[1:2])
    said = _OVERTURNED.get(what, what)
    return f"{said} in `{place}`" if place else said


_WORDS: tuple[tuple[str, Callable[[Sequence[str]], str]], ...] = (
    ("limit", _limit),
    ("raised", _raised),
    ("wrong", _wrong),
    ("ended", _ended),
    ("no code", _no_code),
    ("plainly", _plainly),
)
