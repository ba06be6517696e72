"""Identifiers and seeds: derived, so that the same run seed gives the same ones."""

import hashlib
import secrets

SEED_BITS = 63


def new_seed() -> int:
    """A seed that nobody can guess."""
    return secrets.randbits(SEED_BITS)


def derived(seed: int, *names: str | int) -> int:
    """A number below 2**63 that only the seed and the names decide (SHA-256 of both)."""
    text = "\x1f".join(map(str, (seed, *names)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def memory_id(seed: int) -> str:
    """Eight hexadecimal digits that name a memory."""
    return f"{derived(seed, 'memory'):016x}"[-8:]


def unit_id(memory: str, number: int) -> str:
    """The id of the number-th decided unit of a memory; never reused."""
    return f"{memory}-{number:06d}"


def unit_number(unit: str) -> int:
    """The number inside a unit's id."""
    return int(unit.rpartition("-")[2])
