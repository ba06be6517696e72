"""All views of a memory: those that every memory has, and the Trainer's own."""

from collections.abc import Sequence

from memory.views.standard import standard_views
from memory.views.view import View
from trainer.adjust_difficulty import DifficultyTargets


def all_views(targets: DifficultyTargets | None = None) -> Sequence[View]:
    """Fresh views; `targets` is used if given, so that its holder can read it."""
    return [*standard_views(), targets or DifficultyTargets()]
