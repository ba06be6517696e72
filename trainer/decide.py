"""Decides a unit: its task, what its prompts show, its forecast; one event, written before the Builder starts."""

from collections.abc import Sequence
from dataclasses import dataclass

from memory.blueprints import Blueprint
from memory.decisions import freeze, next_unit
from memory.events import Decided
from memory.state import MemoryState
from memory.tasks import Task
from trainer.assign import Assigned, Assigner, Fits, Odds, Recall
from trainer.blueprint_trials import choose_blueprint
from trainer.nominate import ThompsonSampling
from trainer.strategy_manager import StrategyManager
from utils.numbers import significant
from utils.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """Everything that a decision rests on, but for the memory and the run's seed.

    Attributes:
        strategy: chooses the task.
        assigner: tosses the coins; None where nothing learned is shown to anybody.
        settings: limits and sampling.
        model: the model's name.
        sandbox: the kind of sandbox.
    """

    strategy: StrategyManager
    assigner: Assigner | None
    settings: Settings
    model: str
    sandbox: str

    def next(self, state: MemoryState, *, seed: int) -> Decided | None:
        """The next unit of this run; None if there is none to decide now.

        Args:
            state: what is remembered.
            seed: the run's.
        """
        choice = self.strategy.next_task(state, model=self.model)
        if choice is None:
            return None
        task, unit = state.tasks[choice.task_id].task, next_unit(state)
        chosen = choose_blueprint(state, task, self.settings, unit=unit, seed=seed)
        spec = freeze(
            state, task.id, self.settings, blueprint=chosen.blueprint, model=self.model, sandbox=self.sandbox, seed=seed
        )
        assigned = self._assigned(state, task, chosen.blueprint, unit=unit, seed=seed)
        shown = [each.key for each in assigned.assignment.shown] if assigned.assignment else []
        evidence = state.learning.evidence if assigned.assignment else None
        return Decided(
            spec=spec.model_copy(update={"shown_rules": assigned.rules, "shown_belogs": assigned.belogs}),
            run=state.runs,
            why=choice.why,
            slot=choice.slot,
            forecast=significant(state.learning.expected(task, shown)) if task.graded else None,
            assignment=assigned.assignment,
            predictions=evidence.predict(task) if evidence else None,
            evidence=evidence.mark() if evidence else None,
            blueprint=chosen.toss,
        )

    def _assigned(self, state: MemoryState, task: Task, blueprint: Blueprint, *, unit: str, seed: int) -> Assigned:
        if self.assigner is None:
            return Assigned()
        return self.assigner.assign(state, task, unit=unit, seed=seed, way=blueprint.way)


def decider_of(
    settings: Settings, tasks: Sequence[str], *, recall: Recall, fits: Fits, model: str, sandbox: str
) -> Decider:
    """What a run decides with, from what it was asked for.

    Args:
        settings: odds of the coins, limits, sampling, schedule.
        tasks: what can be chosen, in order.
        recall: finds earlier attempts.
        fits: whether a prompt leaves room for a reply.
        model: the model's name.
        sandbox: the kind of sandbox.
    """
    strategy = StrategyManager(tasks, schedule=settings.schedule)
    assigner = None if settings.lessons == "off" else _assigner(settings, recall, fits)
    return Decider(strategy=strategy, assigner=assigner, settings=settings, model=model, sandbox=sandbox)


def _assigner(settings: Settings, recall: Recall, fits: Fits) -> Assigner:
    odds = Odds(
        holdout=settings.holdout,
        holdout_proven=settings.holdout_proven,
        dropout=settings.dropout,
        dropout_trial=settings.dropout_trial,
        dropout_certified=settings.dropout_certified,
        recall_tokens=settings.recall_tokens,
    )
    return Assigner(nominate=ThompsonSampling(), recall=recall, odds=odds, fits=fits)


def own_tasks(state: MemoryState, settings: Settings) -> list[str]:
    """The tasks that the Trainer made in earlier runs: they take part where it may make new ones."""
    wanted = settings.propose_every and settings.schedule == "curriculum"
    return [task for task, record in state.tasks.items() if wanted and record.task.origin == "generated"]
