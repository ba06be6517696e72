"""The books of evidence: every coin with what came of it, in the order of decision, a book for each judge.

Who finishes first may depend on the arm. So evidence advances unit by unit as they were decided, up to the first that
has no outcome yet; what is predicted of a unit rests on what was folded before it was decided. A unit belongs to the
book of the judge under whom it was decided. Where the judge changes a new book begins with nothing: what was proven
and certified in the one before stays there, and proves nothing here.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from memory.assignment import Assignment, BlueprintToss
from memory.attempts import AttemptResult, AttemptSpec
from memory.evidence.book import Arms, Book, Came, ClaimName
from memory.evidence.certificates import Certificates
from memory.evidence.claims import Claim
from memory.evidence.counted import counts
from memory.evidence.integrity import MissingCheck
from memory.evidence.logged import EvidenceMark, Predictions
from memory.evidence.off_policy import WithoutLearning
from memory.evidence.predictions import cell_of
from memory.evidence.revisions import Revisions
from memory.repeats import Mistakes
from memory.tasks import Task


@dataclass(slots=True)
class _Waiting:
    """A decided unit whose evidence is not folded yet."""

    unit: str
    model: str
    task: Task
    book: Book
    assignment: Assignment | None
    predictions: Predictions | None
    toss: BlueprintToss | None = None
    came: Came | None = None
    abandoned: bool = False


@dataclass(slots=True)
class Ledger:
    """All evidence of a memory."""

    book: Book = field(default_factory=Book)
    """Of the present judge."""
    past: list[Book] = field(default_factory=list)
    """Of earlier ones, in their order; those that hold something."""
    revisions: Revisions = field(default_factory=Revisions)
    """Of ways of working, under the present judge."""
    mistakes: Mistakes = field(default_factory=Mistakes)
    _queue: deque[_Waiting] = field(default_factory=deque)
    _waiting: dict[str, _Waiting] = field(default_factory=dict)

    @property
    def claims(self) -> dict[ClaimName, Claim]:
        """Under the present judge, as all that follows is."""
        return self.book.claims

    @property
    def primary(self) -> Claim:
        """That what is learned makes units pass."""
        return self.book.primary

    @property
    def certificates(self) -> Certificates:
        """Of everything learned that is on trial."""
        return self.book.certificates

    @property
    def missing_check(self) -> MissingCheck:
        """Of outcomes that will never be known."""
        return self.book.missing_check

    @property
    def any_mistake(self) -> Arms:
        """Units with a mistake."""
        return self.book.any_mistake

    @property
    def novel_mistake(self) -> Arms:
        """Units with a mistake that was never met before."""
        return self.book.novel_mistake

    @property
    def without_learning(self) -> WithoutLearning:
        """Of passing, over all units that count."""
        return self.book.without_learning

    @property
    def suspended(self) -> str:
        """Why no claim can be made; empty if it can."""
        return self.book.suspended

    def mark(self) -> EvidenceMark:
        """What is known now, for the log."""
        return self.book.mark()

    def predict(self, task: Task) -> Predictions:
        """Of a unit that is about to be decided."""
        return self.book.predict(task)

    @property
    def waiting(self) -> list[str]:
        """Units that are not folded yet, in the order of decision; the first has no outcome yet."""
        return [each.unit for each in self._queue]

    def begin_night(self, model: str) -> list[str]:
        """A new run with this model; the keys of those that are certified or retired now.

        Units of another model may never be finished, and nothing after them would ever count: they are missing from
        here on, whatever becomes of them.
        """
        self.book.begin_night()
        for waiting in self._queue:
            waiting.abandoned = waiting.abandoned or (waiting.came is None and waiting.model != model)
        return self._advance()

    def judged_by(self, judge: int) -> list[str]:
        """Units that are decided from here on are for this judge; the keys of those of which nothing is proven now."""
        if judge == self.book.judge:
            return []
        before = self.book
        if not before.empty:
            self.past.append(before)
        self.book = Book(judge)
        self.revisions.renew()
        return before.verdicts()

    def note_decided(
        self, spec: AttemptSpec, task: Task, assignment: Assignment | None, predictions: Predictions | None,
        toss: BlueprintToss | None = None,
    ) -> None:  # fmt: skip
        """A unit takes its place; what goes on trial with it gets its number."""
        waiting = _Waiting(spec.unit_id, spec.model, task, self.book, assignment, predictions, toss)
        self._waiting[spec.unit_id] = waiting
        self._queue.append(waiting)
        if assignment is not None:
            self.certificates.enter([each.key for each in assignment.nominees if each.trial])

    def note_finished(self, result: AttemptResult, mistakes: Sequence[str]) -> list[str]:
        """A unit has its outcome; the keys of those that are certified or retired now."""
        waiting = self._waiting.get(result.unit_id)
        if waiting is None:  # another model's, which is counted as missing already
            return []
        score = result.score.points / 100 if result.score is not None else 0.0
        waiting.came = Came(result.outcome, result.passed_first, score, tuple(mistakes))
        return self._advance()

    def note_abandoned(self, unit: str) -> list[str]:
        """A unit will never have an outcome; the keys of those that are certified or retired now."""
        if unit in self._waiting:
            self._waiting[unit].abandoned = True
        return self._advance()

    def _advance(self) -> list[str]:
        crossed: list[str] = []
        while self._queue and (self._queue[0].came is not None or self._queue[0].abandoned):
            waiting = self._queue.popleft()
            del self._waiting[waiting.unit]
            crossed += self._fold(waiting)
        return crossed

    def _fold(self, waiting: _Waiting) -> list[str]:
        came, book = waiting.came, waiting.book
        repeats = self.mistakes.note(came.mistakes) if came is not None else None
        if not counts(waiting.task, judge=book.judge):
            return []
        if waiting.toss is not None and book is self.book:
            passed = None if came is None else came.passed
            self.revisions.settle(waiting.toss, cell_of(waiting.task), passed=passed)
        return book.fold(waiting.task, waiting.assignment, waiting.predictions, came, repeats)
