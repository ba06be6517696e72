"""What a proposal says that calls give, compared with what its reference answers; the answers become the cases."""

import builtins
from collections.abc import Sequence
from typing import Any

from executor.grading.compare import same
from executor.grading.reference_answers import Answer
from executor.grading.showing import shown
from executor.grading.wanted import Wanted
from executor.grading.wire import Encoder, WireError
from memory.cases import Case
from memory.literals import literal

LITERAL_CHARS = 1500
CLAIM_TOLERANCE = 1e-6
"""Models round; what is wanted of solutions is the reference's answer and not the claim."""


def disagreement(claims: Sequence[Wanted], answers: Sequence[Answer]) -> str:
    """The first call of which the proposal and its reference say different things, in words; empty without any."""
    for claim, answer in zip(claims, answers, strict=True):
        if not _agree(claim, answer):
            given = f"raises {answer.raises}" if answer.raises else shown(answer.value, 100)
            return f"{claim.call} should give {claim.expected}, its reference gives {given}"
    return ""


def _agree(claim: Wanted, answer: Answer) -> bool:
    if claim.raises or answer.raises:
        return bool(claim.raises and answer.raises) and _is_a(answer.raises, claim.raises)
    return same(_loosened(answer.value), _loosened(claim.value), tolerance=CLAIM_TOLERANCE)


def _is_a(raised: str, claimed: str) -> bool:
    return issubclass(getattr(builtins, raised), getattr(builtins, claimed))


def _loosened(tree: Any) -> Any:  # noqa: ANN401  any JSON
    """With tuples as lists: JSON, in which models like to answer, has no tuples."""
    if isinstance(tree, dict):
        plain = {tag: _loosened(body) for tag, body in tree.items()}
        return plain.get("t", plain)
    return [_loosened(item) for item in tree] if isinstance(tree, list) else tree


def case_of(claim: Wanted, answer: Answer) -> Case | None:
    """The case in which the reference's answer is wanted; None if that cannot be written as a literal."""
    if answer.raises:
        return Case(call=claim.call, raises=answer.raises)
    text = shown(answer.value, LITERAL_CHARS)
    try:
        written = Encoder().encode(literal(text))
    except (ValueError, WireError):
        return None
    return Case(call=claim.call, expected=text) if same(written, answer.value) else None


def holds_floats(tree: Any) -> bool:  # noqa: ANN401  any JSON
    """Whether a value in the wire's form has a float in it."""
    if isinstance(tree, dict):
        return "f" in tree or any(map(holds_floats, tree.values()))
    return any(map(holds_floats, tree)) if isinstance(tree, list) else isinstance(tree, float)
