"""When a task that was mastered should be tried again: FSRS, the spaced-repetition scheduler of the `fsrs` library.

The library counts whole days, so it is given a virtual clock: 50 units of the memory are one day.
"""

from datetime import UTC, datetime, timedelta

from fsrs import Card, Rating, Scheduler

UNITS_A_DAY = 50
DUE_BELOW = 0.9
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class Reviews:
    """How well each task is remembered, by the units that tried it."""

    def __init__(self) -> None:
        """No task was tried."""
        self._scheduler = Scheduler(
            desired_retention=DUE_BELOW, learning_steps=(), relearning_steps=(), enable_fuzzing=False
        )
        self._cards: dict[str, Card] = {}

    def note(self, task: str, *, passed: bool, first: bool, unit: int) -> None:
        """A graded attempt ended.

        Args:
            task: its id.
            passed: the verdict; a pass after repairs is the library's "hard".
            first: whether it passed without a repair.
            unit: how many units had ended by then.
        """
        card = self._cards.get(task)
        if card is None:
            if not passed:
                return  # what was never mastered cannot be forgotten
            card = Card(card_id=len(self._cards) + 1, due=_moment(unit))
        rating = Rating.Again if not passed else Rating.Good if first else Rating.Hard
        self._cards[task], _ = self._scheduler.review_card(card, rating, _moment(unit))

    def retrievability(self, task: str, *, unit: int) -> float | None:
        """The probability, 0..1, that a task that was passed once passes again; None if it never was."""
        card = self._cards.get(task)
        return None if card is None else self._scheduler.get_card_retrievability(card, _moment(unit))

    def is_due(self, task: str, *, unit: int) -> bool:
        """Whether it should be tried again."""
        remembered = self.retrievability(task, unit=unit)
        return remembered is not None and remembered < DUE_BELOW


def _moment(unit: int) -> datetime:
    return _EPOCH + timedelta(days=unit / UNITS_A_DAY)
