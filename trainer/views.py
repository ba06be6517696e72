"""All views of a memory: those that every memory has, and the Trainer's own."""

from collections.abc import Sequence

from memory.views.standard import standard_views
from memory.views.view import View
from trainer.adjust_difficulty import DifficultyView
from trainer.shares import WeightsView


def all_views() -> Sequence[View]:
    """Fresh ones, that have seen no event."""
    return [*standard_views(), DifficultyView(), WeightsView()]
