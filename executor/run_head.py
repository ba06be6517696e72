"""What a run is, in the lines that stand above it."""

from executor.sandbox import Tier
from utils.choose_model import REHEARSAL
from utils.settings import Settings


def run_head(model: str, tier: Tier, settings: Settings, *, tasks: int) -> list[str]:
    """What runs, with what, where; in three lines, and a fourth where the model is simulated."""
    lines = [
        f"Model: {model}",
        f"Sandbox: {tier.kind} ({tier.reason})" + ("" if tier.safe else " - UNSAFE for code of a real model"),
        f"Memory: {settings.memory}, {tasks} tasks known",
    ]
    if settings.llm == REHEARSAL:
        lines.insert(1, "This is a rehearsal: a simulated model with planted weaknesses, not a language model.")
    return lines
