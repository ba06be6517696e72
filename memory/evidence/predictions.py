"""Predictions of outcomes from the past alone: discounted means by skill and difficulty, drawn towards the whole.

    of the whole   m0 = (S + 2 x 0.5) / (N + 2)
    of a cell      m  = (S_cell + 2 m0) / (N_cell + 2)

S and N are sums of outcomes and of ones, each times 0.995 for every later one in the same sum. A bad prediction costs
evidence its power and never its validity. For the effect, each arm has a prediction of its own, drawn towards that of
both arms in the same way.
"""

from collections.abc import Sequence

from memory.evidence.logged import Prediction
from memory.tasks import Task
from utils.numbers import significant

KEEP = 0.995
PSEUDO = 2.0
NOTHING_KNOWN = 0.5
LEVELS = 5
"""Difficulties are told apart in so many steps."""

Cell = tuple[str, int]


def cell_of(task: Task) -> Cell:
    """Main skill and step of difficulty, 0..4."""
    return task.skills[0], min(int(task.difficulty * LEVELS), LEVELS - 1)


class _Sums:
    """Discounted sums: of each kind of outcome, and of ones."""

    __slots__ = ("_count", "_outcomes")

    def __init__(self, kinds: int) -> None:
        self._outcomes = [0.0] * kinds
        self._count = 0.0

    def note(self, outcomes: Sequence[float]) -> None:
        self._outcomes = [KEEP * total + outcome for total, outcome in zip(self._outcomes, outcomes, strict=True)]
        self._count = KEEP * self._count + 1.0

    def towards(self, priors: Sequence[float]) -> list[float]:
        count = self._count + PSEUDO
        return [(total + PSEUDO * prior) / count for total, prior in zip(self._outcomes, priors, strict=True)]


class _Cells:
    """The whole, and its cells."""

    __slots__ = ("_cells", "_kinds", "_whole")

    def __init__(self, kinds: int) -> None:
        self._kinds = kinds
        self._whole = _Sums(kinds)
        self._cells: dict[Cell, _Sums] = {}

    def note(self, cell: Cell, outcomes: Sequence[float]) -> None:
        self._whole.note(outcomes)
        known = self._cells.get(cell)
        if known is None:
            known = self._cells[cell] = _Sums(self._kinds)
        known.note(outcomes)

    def predict(self, cell: Cell, priors: Sequence[float]) -> tuple[list[float], list[float]]:
        """Of the whole, and of the cell."""
        whole = self._whole.towards(priors)
        known = self._cells.get(cell)
        return whole, whole if known is None else known.towards(whole)


class Predictor:
    """The past outcomes of units; each unit has one of every kind."""

    __slots__ = ("_all", "_arms", "_kinds")

    def __init__(self, kinds: int) -> None:
        """Nothing is known."""
        self._kinds = kinds
        self._all = _Cells(kinds)
        self._arms = (_Cells(kinds), _Cells(kinds))

    def predict(self, cell: Cell) -> list[Prediction]:
        """Of the next unit in this cell, kind by kind."""
        whole, means = self._all.predict(cell, [NOTHING_KNOWN] * self._kinds)
        controls, treated = (arm.predict(cell, whole)[1] for arm in self._arms)
        return [
            Prediction(mean=significant(mean), treated=significant(with_it), control=significant(without))
            for mean, with_it, without in zip(means, treated, controls, strict=True)
        ]

    def note(self, cell: Cell, outcomes: Sequence[float], *, treated: bool) -> None:
        """A unit's outcomes, each 0..1."""
        self._all.note(cell, outcomes)
        self._arms[treated].note(cell, outcomes)
