"""G13: are mistakes recognised when they come again? On the labelled pairs of what real models got wrong."""

from pathlib import Path

from benchmarks.worlds.figures import Figure, Size
from executor.choose_sandbox import choose_sandbox
from tests.memory.failure_pairs import by_signature, graded, labelled, quality

SHARED = Path(__file__).resolve().parents[3] / "shared"
PRECISION, RECALL = 0.98, 0.70


def g13(size: Size) -> list[Figure]:
    """Precision, and recall on re-runs; nothing where the recorded answers do not lie beside the checkout."""
    del size
    if not SHARED.is_dir():
        return []
    place = choose_sandbox("auto", trusted_code_only=False)
    try:
        pairs, failures = labelled(), graded(SHARED, place)
    finally:
        place.close()
    found = quality(pairs, failures, by_signature)
    return [
        Figure("pairs", len(pairs)),
        Figure("precision", found.precision, ">=", PRECISION),
        Figure("recall on re-runs", found.recall, ">=", RECALL),
    ]
