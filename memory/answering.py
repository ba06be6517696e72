"""Notices which model it is that answers: one under another name than before, or one whose context is too small."""

from collections.abc import Iterator

from memory.attempts import AttemptResult
from memory.state import MemoryState


class Answering:
    """Looks at finished attempts, those of earlier runs included, as far as the memory's state tells."""

    def __init__(self, state: MemoryState) -> None:
        """The names under which models answered so far are those of the state."""
        self._names = dict(state.answers_as)
        self._told_of_overflow = False

    def look(self, model: str, result: AttemptResult) -> Iterator[str]:
        """What a person should know of the model that this attempt asked for; what is too long is told once."""
        now = next((turn.model for turn in result.turns if turn.model), "")
        before = self._names.get(model, now)
        if now:
            self._names[model] = now
        if now and now != before:
            yield f"{model} answered as {before} before, and as {now} now: is it another model?"
        if not result.turns and not self._told_of_overflow:
            self._told_of_overflow = True
            yield f"{result.ended}; load the model with a larger context, or lower BT_REPLY_TOKENS"
