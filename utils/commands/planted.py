"""What is planted in a simulated world, held against what a night chose and proved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from memory.builder_model import Numbers
from memory.known_tasks import as_known
from memory.learning import Learning
from memory.tasks import Task
from trainer.nominate import MOST, Nominate, Nomination
from utils.lots import Lots
from utils.rehearsal.reading import rule_text
from utils.rehearsal.tables import PlantedRule
from utils.rehearsal.truths import Truths


class Planted:
    """What rules and earlier attempts do in a world, in logits."""

    def __init__(self, truths: Truths) -> None:
        """Of these truths."""
        self._truths = truths
        self._rules = {rule_text(rule.text): rule for rule in truths.rules}
        self._known: dict[tuple[str, tuple[str, ...]], float] = {}

    def of_rule(self, text: str, task: Task) -> float:
        """What a rule does to the odds at a task; 0 for one that is not planted."""
        key = text, task.skills
        found = self._known.get(key)
        if found is None:
            rule = self._rules.get(rule_text(text))
            found = self._known[key] = self._truths.rule_effect(as_known(task), [rule]) if rule else 0.0
        return found

    def of_recall(self, task: Task, recalled: Iterable[Task]) -> float:
        """What being told of earlier attempts at these tasks does to the odds at a task."""
        return self._truths.recall_effect(as_known(task), [as_known(each) for each in recalled])

    def everything(self, tasks: Sequence[Task], *, recall: bool) -> set[float]:
        """All effects that anything learned can have at these tasks, that of `recall` too; without 0."""
        effects = {self.of_rule(rule.text, task) for task in tasks for rule in self._truths.rules}
        if recall:
            worth = self._truths.recall
            effects |= {worth.same_task, worth.same_skill, worth.other}
        return effects - {0.0}

    @property
    def rules(self) -> Sequence[PlantedRule]:
        """The planted ones."""
        return self._truths.rules


@dataclass(frozen=True, slots=True)
class Chance:
    """What could have been chosen among the rules in scope of a unit: planted effects in logits.

    Attributes:
        best: of the MOST best ones that help, together; 0 if none does.
        uniform: expected of MOST rules, drawn without looking.
    """

    best: float
    uniform: float


@dataclass(slots=True)
class Witness:
    """A way to choose that notes for each unit what could have been chosen; chooses nothing by itself."""

    nominate: Nominate
    planted: Planted
    chances: list[Chance] = field(default_factory=list)
    """In the order of decision."""

    def rules(self, learning: Learning, task: Task, places: Numbers, lots: Lots) -> tuple[Nomination, ...]:
        """The other's."""
        texts = [learning.rules.at(place).text for place in places.tolist()]
        self.chances.append(chance_of([self.planted.of_rule(text, task) for text in texts]))
        return self.nominate.rules(learning, task, places, lots)

    def recall(self, learning: Learning, task: Task, lots: Lots) -> float | None:
        """The other's."""
        return self.nominate.recall(learning, task, lots)


def chance_of(effects: Sequence[float]) -> Chance:
    """Of the planted effects of all rules in scope."""
    best = sum(effect for effect in sorted(effects, reverse=True)[:MOST] if effect > 0)
    return Chance(best=best, uniform=sum(effects) * min(1.0, MOST / len(effects)) if effects else 0.0)
