"""Asks the model for a new task where one is due, and keeps what came of it."""

import structlog

from executor.runner import guarded
from executor.sandbox import Sandbox
from memory import runs
from memory.decisions import sampling_of
from memory.events import Happening
from memory.memory_manager import MemoryManager
from memory.replies import RememberingModel
from trainer.generate_task import Request, TaskGenerator, is_due, without_checks
from utils.completions import Model
from utils.settings import Settings

log = structlog.get_logger()


class Proposing:
    """The one that asks; does nothing where the settings want no new tasks."""

    def __init__(self, memory: MemoryManager, model: Model, sandbox: Sandbox, settings: Settings, *, seed: int) -> None:
        """`seed` is the memory's."""
        self._memory, self._model, self._settings, self._seed = memory, model, settings, seed
        self._generator = TaskGenerator(sandbox)
        self._not_before = 0

    @property
    def is_due(self) -> bool:
        """Whether a task should be asked for now; after a fault not before another unit has ended."""
        state = self._memory.state
        every = self._settings.propose_every if self._settings.schedule == "curriculum" else 0
        return is_due(state, every=every) and state.totals.units >= self._not_before

    def propose(self) -> None:
        """Ask, and log what came of it; a fault costs nothing but the question.

        Raises:
            StorageFault: the answer cannot be kept.
        """
        state = self._memory.state
        number = state.proposals.asked + 1
        seed = runs.run_seed(self._seed, state.runs)
        request = Request(number=number, seed=seed, sampling=sampling_of(self._settings))
        model = RememberingModel(self._model, self._memory.proposal_folder(number))
        ended = guarded(f"proposal {number}", lambda: self._asked(model, request))
        if ended.value is not None:
            self._memory.append(ended.value)
        else:
            log.warning("proposal.not_made", number=number, why=str(ended.fault))
            self._not_before = state.totals.units + 1

    def _asked(self, model: Model, request: Request) -> list[Happening]:
        """What came of a proposal: of checks that a person's task lacks before new tasks."""
        task = without_checks(self._memory.state)
        if task is None:
            return self._generator.generate(self._memory.state, model, request)
        return self._generator.generate_checks(task, model, request)
