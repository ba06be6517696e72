"""Predictions of outcomes from the past alone: discounted means by skill and difficulty, drawn towards the whole.

    of the whole   m0 = (S + 2 x 0.5) / (N + 2)
    of a cell      m  = (S_cell + 2 m0) / (N_cell + 2)

S and N are sums of outcomes and of ones, each times 0.995 for every later one in the same sum. A bad prediction costs
evidence its power and never its validity. For the effect, each arm has a prediction of its own, drawn towards that of
both arms in the same way.
"""

from dataclasses import dataclass, field

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


@dataclass(slots=True)
class _Sum:
    outcomes: float = 0.0
    count: float = 0.0

    def note(self, outcome: float) -> None:
        self.outcomes = KEEP * self.outcomes + outcome
        self.count = KEEP * self.count + 1.0

    def towards(self, prior: float) -> float:
        return (self.outcomes + PSEUDO * prior) / (self.count + PSEUDO)


@dataclass(slots=True)
class _Sums:
    whole: _Sum = field(default_factory=_Sum)
    cells: dict[Cell, _Sum] = field(default_factory=dict)

    def note(self, cell: Cell, outcome: float) -> None:
        self.whole.note(outcome)
        known = self.cells.get(cell)
        if known is None:
            known = self.cells[cell] = _Sum()
        known.note(outcome)

    def predict(self, cell: Cell, prior: float) -> tuple[float, float]:
        """Of the whole, and of the cell."""
        whole = self.whole.towards(prior)
        known = self.cells.get(cell)
        return whole, whole if known is None else known.towards(whole)


class Predictor:
    """The past outcomes of one claim."""

    __slots__ = ("_all", "_arms")

    def __init__(self) -> None:
        """Nothing is known."""
        self._all = _Sums()
        self._arms = (_Sums(), _Sums())

    def predict(self, cell: Cell) -> Prediction:
        """Of the next unit in this cell."""
        whole, mean = self._all.predict(cell, NOTHING_KNOWN)
        control, treated = (arm.predict(cell, whole)[1] for arm in self._arms)
        return Prediction(mean=significant(mean), treated=significant(treated), control=significant(control))

    def note(self, cell: Cell, outcome: float, *, treated: bool) -> None:
        """A unit's outcome, 0..1."""
        self._all.note(cell, outcome)
        self._arms[treated].note(cell, outcome)
