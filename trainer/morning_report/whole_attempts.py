"""Attempts that the report tells whole: which ones there is room for, and their HTML."""

from pathlib import Path

from markupsafe import Markup

from memory.state import MemoryState
from trainer.morning_report.night import Run, Whole
from trainer.morning_report.rendering import template
from trainer.morning_report.transcript import story_of

WHOLE_BYTES = 900_000
"""Of HTML that tells attempts whole; those that say least are left out."""


class ToldWhole:
    """The HTML of attempts that are told whole; an attempt is over, so that its HTML is made once."""

    def __init__(self, memory: Path) -> None:
        """None was made yet; `memory` keeps their code."""
        self._memory = memory
        self._made: dict[str, Markup] = {}

    def of(self, run: Run, state: MemoryState) -> dict[int, Markup]:
        """By the attempt's number, the latest first, as far as there is room."""
        room, found, made = WHOLE_BYTES, list[tuple[int, Markup]](), dict[str, Markup]()
        for whole in run.telling:
            unit = whole.decided.spec.unit_id
            html = made[unit] = self._made.get(unit) or self._make(whole, state)
            size = len(html.encode())
            if size <= room:
                room -= size
                found.append((whole.line.number, html))
        self._made = made
        return dict(sorted(found, reverse=True))

    def _make(self, whole: Whole, state: MemoryState) -> Markup:
        story = story_of(self._memory, whole, state.learning.rules)
        return Markup(template("attempt").render(story=story))  # noqa: S704  jinja has escaped it
