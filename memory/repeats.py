"""Which mistakes were made before, by anybody: the history that both arms share.

Units are folded in the order in which they were decided, so that who finishes first says nothing. 64 bits are kept of
each signature: among 100,000 the chance that any two are taken for one is under one in a billion.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from utils.files import sha256_hex

MAX_KEPT = 100_000
_HEX_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Repeats:
    """What a unit's mistakes are to those of the units before it.

    Attributes:
        any: whether it made any mistake.
        repeated: whether it made at least one that had been made before.
        novel: whether it made at least one that had not.
    """

    any: bool
    repeated: bool
    novel: bool


NO_MISTAKE = Repeats(any=False, repeated=False, novel=False)


class Mistakes:
    """The mistakes of all units so far; beyond `keep` the one that was met longest ago is forgotten."""

    def __init__(self, *, keep: int = MAX_KEPT) -> None:
        """None was made yet."""
        self._keep = keep
        self._met: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._met)

    def note(self, signatures: Sequence[str]) -> Repeats:
        """How the next unit's mistakes stand to the history, of which they are part from now on."""
        if not signatures:
            return NO_MISTAKE
        mistakes = [int(sha256_hex(each.encode("utf-8", "replace"))[:_HEX_DIGITS], 16) for each in signatures]
        known = [each in self._met for each in mistakes]
        for each in mistakes:
            self._met[each] = None
            self._met.move_to_end(each)
        while len(self._met) > self._keep:
            self._met.popitem(last=False)
        return Repeats(any=bool(mistakes), repeated=any(known), novel=not all(known))
