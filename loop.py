"""Builder-Trainer's loop: the Trainer chooses, the Builder works, the memory keeps; for a night, by itself.

python loop.py --llm rehearsal --cycles 60
python loop.py --llm http://localhost:1234/v1 --hours 8
python loop.py --llm gguf:model.gguf --hours 8
"""

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

import structlog
import typer
from rich.console import Console

from builder.findings import find
from builder.prompting import NAMES, REVISED_NAMES, Prompts
from builder.run_project import Attempt, Tools, run_attempt
from executor.assess import Assessor
from executor.choose_sandbox import SandboxOptions, choose_sandbox
from executor.grading.facts import sandbox_facts
from executor.parking import Parking
from executor.quarantine import Quarantine
from executor.runner import Ended, Runner, guarded
from executor.sandbox import Sandbox
from executor.score_engine import Weights
from memory import runs
from memory.attempts import AttemptLimits, AttemptResult, AttemptSpec, Score, Verdict
from memory.beginnings import PromptFiles, given_tasks, remember
from memory.belogs import BELog
from memory.decisions import limits_of, sampling_of
from memory.events import Analysed, Finished, Happening
from memory.falls import in_words
from memory.known_tasks import as_known
from memory.make_belog import make_belog
from memory.memory_manager import MemoryManager
from memory.recall import RecallIndex
from memory.records import InFlight
from memory.replies import RememberingModel
from memory.run_lines import run_summary, unit_line
from memory.runs import RunSetup
from memory.signatures import signatures
from memory.state import MemoryState
from memory.tasks import Task
from memory.views.view import View
from trainer.analyze_builder import analyse
from trainer.decide import Decider, decider_of
from trainer.generate_task import Request, TaskGenerator, is_due, without_checks
from trainer.rechecks import Rechecks
from trainer.revising import Revising
from trainer.views import all_views
from utils import stopping
from utils.choose_model import REHEARSAL, choose_model
from utils.clock import Clock, SystemClock, iso
from utils.command import EXIT_FAULT, run_command
from utils.completions import Model
from utils.display import ConsoleDisplay, Display, Summary
from utils.errors import Fault, StorageFault
from utils.files import write_atomically
from utils.ids import memory_id
from utils.logs import log_to_file
from utils.seeds import seed_of
from utils.settings import Settings, load_settings, public
from utils.signals import StopRequest, handled

log = structlog.get_logger()

POLL_S = 0.2
PARK_WITHIN_S = 5.0


class Assess(Protocol):
    """Judges code."""

    def grade(self, task: Task, code: str, spec: AttemptSpec) -> Verdict:
        """The verdict on a solution."""
        ...

    def score(self, task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Score | None:
        """The score of a graded verdict."""
        ...

    def flaw(self, task: Task, limits: AttemptLimits) -> str:
        """Why a task cannot be passed; empty if it can."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a run is put together from."""

    settings: Settings
    memory: MemoryManager
    sandbox: Sandbox
    model: Model
    prompts: Prompts
    assess: Assess
    decider: Decider
    rechecks: Rechecks
    stop: stopping.Stop
    """Ends the run once what is under way is finished; what is parked stays parked."""
    enough: stopping.Stop
    """Decides no further unit; the run ends once all decided ones are finished."""
    request: StopRequest
    display: Display
    clock: Clock
    seed: int


class Loop:
    """One run: decides units, has them worked on, and is the only one that writes what came of them."""

    def __init__(self, parts: Parts, runner: Runner[Attempt]) -> None:
        """Nothing happens yet."""
        self.failed = False
        """Whether the run had to end because its memory could not be written."""
        self._parts, self._runner = parts, runner
        self._memory, self._settings, self._display = parts.memory, parts.settings, parts.display
        self._state = parts.memory.state
        self._parking = Parking(
            parts.memory,
            parts.clock,
            model=parts.model.name,
            longest_s=parts.settings.fault_wait_s,
            workers=parts.settings.workers,
        )
        self._revising = Revising(
            parts.memory, parts.model, parts.settings, words=revised_words(parts.prompts), seed=parts.seed
        )
        self._quarantine = Quarantine(parts.memory, parts.assess, limits_of(parts.settings), parts.display.note)
        self._generator = TaskGenerator(parts.sandbox)
        self._no_proposal_before = 0

    def run(self) -> Summary:
        """Work until there is a reason to end; the run's summary."""
        try:
            self._begin()
            reason = self._work()
        except StorageFault as fault:
            reason, self.failed = str(fault), True
            log.warning("loop.storage_fault", why=reason)
        return self._end(reason)

    def _begin(self) -> None:
        parts, tier = self._parts, self._parts.sandbox.tier
        setup = RunSetup(
            model=parts.model.name,
            simulated=self._settings.llm == REHEARSAL,
            sandbox=sandbox_facts(tier),
            settings=public(self._settings),
            tasks=parts.decider.strategy.pool,
        )
        runs.begin(self._memory, setup, seed=parts.seed, note=self._display.note)
        self._parking.begin()
        self._quarantine.validate_all()
        self._catch_up()
        if mine := len(self._parking.mine):
            self._display.note(f"{mine} parked attempts are finished first")
        if others := self._parking.others:
            self._display.note(f"{others} attempts stay parked: they were begun with another model")

    def _work(self) -> str:
        """Until there is a reason to end and nothing is under way; the reason."""
        while True:
            self._memory.take_wishes(all_views)
            reason = self._parts.stop.check(self._standing())
            if self._parts.request.is_set():
                return reason or "asked to stop"
            if reason is None:
                self._fill()
            if not self._runner.running and (reason := reason or self._done()):
                return reason
            for ended in self._runner.ended(POLL_S):
                self._take(ended)
            if self._parking.away and not self._runner.running:
                self._wait_out()

    def _standing(self) -> stopping.Standing:
        return stopping.Standing(decided=self._state.run_decided, tokens=self._state.run_totals.tokens)

    def _done(self) -> str | None:
        """The reason to end where all that was asked for is finished, None while something is left."""
        if self._parking.mine:
            return None
        nothing_left = self._parts.decider.strategy.finished(self._state, model=self._parts.model.name)
        return self._parts.enough.check(self._standing()) or nothing_left

    def _fill(self) -> None:
        """Give every free worker a unit: parked ones first, then new ones."""
        while self._runner.free and not self._parking.away:
            if self._must_be_alone():
                return
            unit = self._decide() if self._parking.wants_another else None
            if unit is None:
                self._parking.give_up_lonely()
                unit = self._parking.leave()
            if unit is None:
                return
            self._start(unit)

    def _must_be_alone(self) -> bool:
        """Whether a unit during which the program died is under way, or is next: it must not drag others down."""
        deaths = self._state.deaths
        deadly = any(deaths[unit] for unit in self._state.running) or deaths[self._parking.next or ""]
        return bool(self._runner.running and deadly)

    def _decide(self) -> str | None:
        """Choose, freeze and log the next unit; its id, or None if there is none to decide."""
        parts, state = self._parts, self._state
        if parts.enough.check(self._standing()):
            return None
        for told in self._revising.end_trials():
            self._display.note(told)
        self._propose()
        decided = parts.decider.next(state, seed=runs.run_seed(parts.seed, state.runs))
        if decided is None:
            return None
        self._memory.append([decided])
        return decided.spec.unit_id

    def _propose(self) -> None:
        """Ask for a new task where one is due; after a fault not before another unit has ended."""
        parts, state = self._parts, self._state
        every = self._settings.propose_every if self._settings.schedule == "curriculum" else 0
        if not is_due(state, every=every) or state.totals.units < self._no_proposal_before:
            return
        self._display.working("a new task")
        number = state.proposals.asked + 1
        request = Request(
            number=number, seed=runs.run_seed(parts.seed, state.runs), sampling=sampling_of(parts.settings)
        )
        model = RememberingModel(parts.model, self._memory.proposal_folder(number))
        ended = guarded(f"proposal {number}", lambda: self._asked(model, request))
        if ended.value is not None:
            self._memory.append(ended.value)
        else:
            log.warning("proposal.not_made", number=number, why=str(ended.fault))
            self._no_proposal_before = state.totals.units + 1

    def _asked(self, model: Model, request: Request) -> list[Happening]:
        """What came of a proposal: of checks that a person's task lacks before new tasks."""
        task = without_checks(self._state)
        if task is None:
            return self._generator.generate(self._state, model, request)
        return self._generator.generate_checks(task, model, request)

    def _start(self, unit: str) -> None:
        flight = self._state.in_flight[unit]
        self._display.working(flight.task.name)
        folder = self._memory.attempt_folder(flight.task.id, flight.spec.number)
        tools = Tools(
            model=RememberingModel(self._parts.model, folder),
            prompts=self._parts.prompts,
            grade=self._parts.assess.grade,
            score=self._parts.assess.score,
        )
        self._runner.submit(unit, lambda: run_attempt(flight.spec, flight.task, tools))

    def _take(self, ended: Ended[Attempt]) -> None:
        if ended.value is not None:
            self._parking.back()
            self._keep(ended.key, ended.value)
        elif ended.fault is not None:
            self._park(ended.key, ended.fault)

    def _park(self, unit: str, fault: Fault) -> None:
        if told := self._parking.park(unit, fault):
            self._display.note(told)

    def _keep(self, unit: str, attempt: Attempt) -> None:
        """Write the code, then the event; show it; look back every so often."""
        flight, result = self._state.in_flight[unit], attempt.result
        folder = self._memory.attempt_folder(flight.task.id, flight.spec.number)
        for name, text in (attempt.files | attempt.transcripts).items():
            write_atomically(folder / name, text.encode("utf-8"))
        made = guarded(unit, lambda: self._belog(flight, attempt))
        if made.value is None:
            assert made.fault is not None
            self._park(unit, made.fault)
            return
        self._memory.append([Finished(result=result, belog=made.value, mistakes=signatures(result))])
        self._display.unit(unit_line(flight, result, number=self._state.run_totals.units))
        self._tell_of_falls()
        self._suspect(flight.task, result)
        self._look_back()

    def _tell_of_falls(self) -> None:
        """Say at once that a skill got worse, if this attempt made it clear."""
        falls = self._state.learning.watch.falls
        if falls and falls[-1].unit == self._state.totals.units:
            self._display.note(f"noticed: {in_words(falls[-1])}")

    def _belog(self, flight: InFlight, attempt: Attempt) -> BELog:
        code = next(reversed(attempt.files.values()), "")
        return make_belog(
            flight.spec,
            flight.task,
            attempt.result,
            self._state,
            files=attempt.files,
            finding=find(attempt.result, code),
            at=iso(self._parts.clock.now()),
        )

    def _catch_up(self) -> None:
        """What follows an attempt, for the one behind which a kill came."""
        for record in list(self._state.tasks.values()):
            self._suspect(record.task)
        self._look_back()

    def _look_back(self) -> None:
        """Analyse what is remembered, every so often; change the way of working where that is due."""
        if self._state.totals.units - self._state.units_at_last_analysis >= self._settings.analyse_every:
            self._memory.append([Analysed(analysis=analyse(self._state, self._parts.rechecks))])
        if told := self._revising.propose():
            self._display.note(told)

    def _suspect(self, task: Task, result: AttemptResult | None = None) -> None:
        """Put a task aside that may be broken: by what is remembered of it, or by what this attempt met."""
        why = self._parts.decider.strategy.suspect(self._state, task.id)
        if why is None and result is not None and not self._state.tasks[task.id].quarantined:
            why = next((turn.verdict.suspect for turn in result.turns if turn.verdict and turn.verdict.suspect), None)
        if why is not None:
            self._quarantine.put(task, why)

    def _wait_out(self) -> None:
        """Give what is away some time, more each time."""
        clock, seconds = self._parts.clock, self._parking.next_wait_s()
        self._display.working(f"waiting {seconds:.0f} s: {self._parking.away}")
        end_s = clock.monotonic_s() + seconds
        while clock.monotonic_s() < end_s and self._parts.stop.check(self._standing()) is None:
            if self._parts.request.wait(POLL_S):
                break
        self._parking.away = ""

    def _end(self, reason: str) -> Summary:
        """Park what is under way, log and say how the run ended."""
        self._parts.sandbox.close()
        end_s = self._parts.clock.monotonic_s() + PARK_WITHIN_S
        state = self._state
        try:
            while self._runner.running and self._parts.clock.monotonic_s() < end_s:
                for ended in self._runner.ended(POLL_S):
                    self._take(ended)
            for told in self._revising.end_trials():
                self._display.note(told)
            if state.totals.units > state.units_at_last_analysis:
                self._memory.append([Analysed(analysis=analyse(state, self._parts.rechecks))])
            runs.end(self._memory, reason, seed=self._parts.seed)
        except StorageFault as fault:
            log.warning("loop.end_not_logged", why=str(fault))
        (self._memory.folder / stopping.STOP_FILE).unlink(missing_ok=True)
        return run_summary(
            state,
            reason=reason,
            words=analyse(state, self._parts.rechecks).summary,
            folder=str(self._memory.folder),
            simulated=self._settings.llm == REHEARSAL,
        )


def main(  # noqa: PLR0913, PLR0917  one parameter for each option
    llm: Annotated[str | None, typer.Option(help="URL of a model server, gguf:FILE, rehearsal or replay:FILE.")] = None,
    model: Annotated[str | None, typer.Option(help="The model's name at the server.")] = None,
    record: Annotated[Path | None, typer.Option(help="Keep every request and reply in this file.")] = None,
    tasks: Annotated[list[Path] | None, typer.Option(help="Task files instead of the built-in curriculum.")] = None,
    schedule: Annotated[str | None, typer.Option(help="curriculum or once.")] = None,
    memory: Annotated[Path | None, typer.Option(help="The memory's folder.")] = None,
    sandbox: Annotated[str | None, typer.Option(help="auto, docker, bubblewrap, landlock or process.")] = None,
    cycles: Annotated[int | None, typer.Option(help="End after so many attempts.")] = None,
    until: Annotated[str | None, typer.Option(help="End at this local time, HH:MM.")] = None,
    hours: Annotated[float | None, typer.Option(help="End after so many hours.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="End after so many tokens.")] = None,
    workers: Annotated[int | None, typer.Option(help="Attempts at the same time.")] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of a new memory.")] = None,
    max_repairs: Annotated[int | None, typer.Option(help="Repair turns after a failure.")] = None,
    lessons: Annotated[str | None, typer.Option(help="on, or off: show the Builder nothing learned.")] = None,
) -> int:
    """Let the Builder work and the Trainer choose, until there is a reason to end."""
    given = dict(locals())
    if tasks is not None:
        given["tasks"] = tuple(tasks)
    settings = load_settings(**given)
    display = ConsoleDisplay(Console())
    with ExitStack() as stack:
        parts = assemble(settings, display, SystemClock(), stack)
        pool = ThreadPoolExecutor(max_workers=settings.workers, thread_name_prefix="attempt")
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        with handled(parts.request):
            display.begin(_head(parts), cycles=settings.cycles)
            runner: Runner[Attempt] = Runner(pool, workers=settings.workers)
            loop = Loop(parts, runner)
            display.end(loop.run())
    code = EXIT_FAULT if loop.failed else 0
    if runner.running:
        sys.stdout.flush()
        os._exit(code)  # a thread that still waits for a name server, say, must not hold up the end
    return code


def assemble(
    settings: Settings,
    display: Display,
    clock: Clock,
    stack: ExitStack,
    *,
    views: Callable[[], Sequence[View]] = all_views,
    sandbox_of: Callable[[Settings, Display], Sandbox] | None = None,
) -> Parts:
    """Build all parts; what has to be closed is left to the stack, in order.

    Args:
        settings: what was asked for.
        display: where the run is shown.
        clock: the time of events.
        stack: closes what has to be closed.
        views: the documents that are kept beside the log; they decide nothing.
        sandbox_of: in place of the sandbox that the settings ask for.

    Raises:
        InputError: a setting cannot be fulfilled.
        Fault: the disk, the model server or the sandbox refuses at once.
    """
    request = StopRequest(on_first=lambda name: display.note(f"{name}: parking what is under way"))
    tasks = given_tasks(settings.tasks)
    recall = RecallIndex()
    rechecks = Rechecks()
    stack.callback(recall.close)
    identify = lambda: memory_id(seed_of(settings.memory, settings.seed))  # noqa: E731
    memory = MemoryManager.open(
        settings.memory, views=[*views(), recall, rechecks], clock=clock, what="loop.py", identify=identify
    )
    stack.callback(memory.close)
    log_to_file(settings.memory / "logs" / "loop.jsonl")
    seed = seed_of(settings.memory, settings.seed)
    prompts = Prompts(failure_chars=settings.failure_chars)
    remember(memory, tasks, plain=PromptFiles(NAMES, prompts.digest), revised=revised_words(prompts), by="loop.py")
    memory.take_wishes(all_views)
    known = [as_known(record.task) for record in memory.state.tasks.values()]
    model = choose_model(settings, known, seed=seed, request=request, stack=stack, note=display.note)
    sandbox = (sandbox_of or _sandbox_of)(settings, display)
    stack.callback(sandbox.close)
    decider = decider_of(
        settings,
        [*(task.id for task in tasks), *own_tasks(memory.state, settings)],
        recall=recall,
        fits=prompts.fits(context_tokens=settings.context_tokens, reply_tokens=settings.reply_tokens),
        model=model.name,
        sandbox=sandbox.tier.kind,
    )
    return Parts(
        settings=settings,
        memory=memory,
        sandbox=sandbox,
        model=model,
        prompts=prompts,
        assess=Assessor(sandbox, Weights.of_settings(settings)),
        decider=decider,
        rechecks=rechecks,
        stop=stopping.of_settings(settings, clock, lambda: request.name),
        enough=stopping.enough(settings),
        request=request,
        display=display,
        clock=clock,
        seed=seed,
    )


def revised_words(prompts: Prompts) -> PromptFiles:
    """The prompt files of a revised blueprint."""
    return PromptFiles(REVISED_NAMES, prompts.revised_digest)


def own_tasks(state: MemoryState, settings: Settings) -> list[str]:
    """The tasks that the Trainer made in earlier runs: they take part where it may make new ones."""
    wanted = settings.propose_every and settings.schedule == "curriculum"
    return [task for task, record in state.tasks.items() if wanted and record.task.origin == "generated"]


def _sandbox_of(settings: Settings, display: Display) -> Sandbox:
    return choose_sandbox(
        settings.sandbox,
        trusted_code_only=settings.llm == REHEARSAL,
        progress=display.note,
        options=SandboxOptions.of_settings(settings),
    )


def _head(parts: Parts) -> list[str]:
    """What runs, with what, where; in three lines."""
    tier, settings = parts.sandbox.tier, parts.settings
    lines = [
        f"Model: {parts.model.name}",
        f"Sandbox: {tier.kind} ({tier.reason})" + ("" if tier.safe else " - UNSAFE for code of a real model"),
        f"Memory: {settings.memory}, {len(parts.memory.state.tasks)} tasks known",
    ]
    if settings.llm == REHEARSAL:
        lines.insert(1, "This is a rehearsal: a simulated model with planted weaknesses, not a language model.")
    return lines


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(main)

if __name__ == "__main__":
    sys.exit(run_command(app))
