"""Builder-Trainer's loop: the Trainer chooses, the Builder works, the memory keeps; for a night, by itself.

python loop.py --llm rehearsal --cycles 60
python loop.py --llm http://localhost:1234/v1 --hours 8
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

from builder.findings import find
from builder.prompting import NAMES, Prompts
from builder.run_project import Attempt, Tools, run_attempt
from executor.choose_sandbox import choose_sandbox
from executor.grading.grade import grade
from executor.runner import Ended, Runner
from executor.sandbox import Sandbox
from executor.score_engine import ReferenceTimes, Weights, score
from memory.attempts import AttemptLimits, AttemptSpec, SandboxFacts, Score, Verdict
from memory.beginnings import given_tasks, remember
from memory.decisions import freeze
from memory.events import (
    Analysed,
    Decided,
    Faulted,
    Finished,
    Parked,
    RunEnded,
    RunResumed,
    RunStarted,
)
from memory.known_tasks import as_known
from memory.make_belog import make_belog
from memory.memory_manager import MemoryManager
from memory.replies import RememberingModel
from memory.shown import run_summary, unit_line
from memory.tasks import Task
from trainer.adjust_difficulty import DifficultyTargets
from trainer.analyze_builder import analyse
from trainer.strategy_manager import StrategyManager
from trainer.views import all_views
from utils import stopping
from utils.choose_model import REHEARSAL, choose_model
from utils.clock import Clock, SystemClock, iso
from utils.command import run_command
from utils.completions import Model
from utils.display import ConsoleDisplay, Display, Summary
from utils.errors import Defect, Fault, Interrupted, StorageFault
from utils.files import sha256_hex, write_atomically
from utils.ids import memory_id
from utils.logs import log_to_file
from utils.seeds import seed_of
from utils.settings import Settings, load_settings, public
from utils.signals import StopRequest, handled
from utils.waiting import Backoff

log = structlog.get_logger()

POLL_S = 0.2
PARK_WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a run is put together from."""

    settings: Settings
    memory: MemoryManager
    sandbox: Sandbox
    model: Model
    prompts: Prompts
    strategy: StrategyManager
    targets: DifficultyTargets
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
        self._parts, self._runner = parts, runner
        self._memory, self._settings, self._display = parts.memory, parts.settings, parts.display
        self._state = parts.memory.state
        self._parked = list(self._state.in_flight)
        self._backoff = Backoff(parts.settings.fault_wait_s)
        self._away = ""
        self._times = ReferenceTimes(self._grade)
        settings = parts.settings
        self._weights = Weights(
            accuracy=settings.weight_accuracy, speed=settings.weight_speed, elegance=settings.weight_elegance
        )

    def run(self) -> Summary:
        """Work until there is a reason to end; the run's summary."""
        try:
            self._begin()
            reason = self._work()
        except StorageFault as fault:
            reason = str(fault)
            log.warning("loop.storage_fault", why=reason)
        return self._end(reason)

    def _begin(self) -> None:
        state, tier = self._state, self._parts.sandbox.tier
        if state.run_ended:
            start = RunStarted(
                run=state.runs + 1,
                model=self._parts.model.name,
                simulated=self._settings.llm == REHEARSAL,
                sandbox=SandboxFacts(
                    kind=tier.kind, safe=tier.safe, reason=tier.reason, gaps=tier.gaps, image=tier.image
                ),
                settings=public(self._settings),
                seed_sha256=sha256_hex(str(self._parts.seed).encode()),
            )
            self._memory.append([start])
        else:
            self._memory.append([RunResumed(run=state.runs)])
        if self._mine():
            self._display.note(f"{len(self._mine())} parked attempts are finished first")
        if others := len(self._parked) - len(self._mine()):
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
            if self._away and not self._runner.running:
                self._wait_out()

    def _standing(self) -> stopping.Standing:
        return stopping.Standing(decided=self._state.run_decided, tokens=self._state.run_totals.tokens)

    def _done(self) -> str | None:
        """The reason to end where all that was asked for is finished, None while something is left."""
        if self._mine():
            return None
        everything = "every task was tried once" if self._parts.strategy.finished(self._state) else None
        return self._parts.enough.check(self._standing()) or everything

    def _mine(self) -> list[str]:
        """Parked units that this run's model can finish."""
        flights = self._state.in_flight
        return [unit for unit in self._parked if flights[unit].spec.model == self._parts.model.name]

    def _fill(self) -> None:
        """Give every free worker a unit: parked ones first, then new ones."""
        while self._runner.free and not self._away:
            unit = next(iter(self._mine()), None) or self._decide()
            if unit is None:
                return
            if unit in self._parked:
                self._parked.remove(unit)
            self._start(unit)

    def _decide(self) -> str | None:
        """Choose, freeze and log the next unit; its id, or None if there is none to decide."""
        parts, state = self._parts, self._state
        choice = None if parts.enough.check(self._standing()) else parts.strategy.next_task(state)
        if choice is None:
            return None
        kind = parts.sandbox.tier.kind
        spec = freeze(state, choice.task_id, self._settings, model=parts.model.name, sandbox=kind, seed=parts.seed)
        self._memory.append([Decided(spec=spec, run=state.runs, why=choice.why)])
        return spec.unit_id

    def _start(self, unit: str) -> None:
        flight = self._state.in_flight[unit]
        self._display.working(flight.task.name)
        folder = self._memory.attempt_folder(flight.task.id, flight.spec.number)
        tools = Tools(
            model=RememberingModel(self._parts.model, folder),
            prompts=self._parts.prompts,
            grade=lambda task, code, spec: self._grade(task, code, spec.limits),
            score=self._score,
        )
        self._runner.submit(unit, lambda: run_attempt(flight.spec, flight.task, tools))

    def _grade(self, task: Task, code: str, limits: AttemptLimits) -> Verdict:
        return grade(task, code, self._parts.sandbox, limits=limits)

    def _score(self, task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Score:
        reference_cpu_s = self._times.of(task, spec.limits)
        return score(task, code, verdict, reference_cpu_s=reference_cpu_s, weights=self._weights)

    def _take(self, ended: Ended[Attempt]) -> None:
        if ended.value is not None:
            self._backoff.reset()
            self._keep(ended.key, ended.value)
        elif ended.fault is not None:
            self._park(ended.key, ended.fault)

    def _keep(self, unit: str, attempt: Attempt) -> None:
        """Write the code, then the event; show it; look back every so often."""
        flight, result = self._state.in_flight[unit], attempt.result
        folder = self._memory.attempt_folder(flight.task.id, flight.spec.number)
        for name, text in attempt.files.items():
            write_atomically(folder / name, text.encode("utf-8"))
        code = next(reversed(attempt.files.values()), "")
        belog = make_belog(
            flight.spec,
            flight.task,
            result,
            self._state,
            files=attempt.files,
            finding=find(result, code),
            at=iso(self._parts.clock.now()),
        )
        self._memory.append([Finished(result=result, belog=belog)])
        self._display.unit(unit_line(flight, result, number=self._state.run_totals.units))
        if self._state.totals.units - self._state.units_at_last_analysis >= self._settings.analyse_every:
            self._memory.append([Analysed(analysis=analyse(self._state, self._parts.targets))])

    def _park(self, unit: str, fault: Fault) -> None:
        """The unit waits with its spec; log and person are told when a fault begins, not each time it is met."""
        parked = Parked(unit_id=unit, reason=str(fault)[:500])
        if isinstance(fault, Interrupted):
            self._memory.append([parked])
            return
        first = not self._away and not self._backoff.failures
        if isinstance(fault, Defect):
            first = True  # and the unit is left for the next run, so that it cannot stop this one for ever
        else:
            self._parked.append(unit)
            self._away = str(fault)
        if first:
            self._memory.append([Faulted(fault=type(fault).__name__, message=str(fault)[:2000]), parked])
            self._display.note(f"{fault}; the attempt is parked, nothing is counted against it")

    def _wait_out(self) -> None:
        """Give what is away some time, more each time."""
        clock, seconds = self._parts.clock, self._backoff.next_s()
        self._display.working(f"waiting {seconds:.0f} s: {self._away}")
        end_s = clock.monotonic_s() + seconds
        while clock.monotonic_s() < end_s and self._parts.stop.check(self._standing()) is None:
            if self._parts.request.wait(POLL_S):
                break
        self._away = ""

    def _end(self, reason: str) -> Summary:
        """Park what is under way, log and say how the run ended."""
        self._parts.sandbox.close()
        end_s = self._parts.clock.monotonic_s() + PARK_WITHIN_S
        state = self._state
        analysis = analyse(state, self._parts.targets)
        try:
            while self._runner.running and self._parts.clock.monotonic_s() < end_s:
                for ended in self._runner.ended(POLL_S):
                    self._take(ended)
            analysis = analyse(state, self._parts.targets)
            if state.totals.units > state.units_at_last_analysis:
                self._memory.append([Analysed(analysis=analysis)])
            self._memory.append([RunEnded(run=state.runs, reason=reason[:500], units=state.run_totals.units)])
        except StorageFault as fault:
            log.warning("loop.end_not_logged", why=str(fault))
        (self._memory.folder / stopping.STOP_FILE).unlink(missing_ok=True)
        return run_summary(
            state,
            reason=reason,
            words=analysis.summary,
            folder=str(self._memory.folder),
            simulated=self._settings.llm == REHEARSAL,
        )


def main(  # noqa: PLR0913, PLR0917  one parameter for each option
    llm: Annotated[str | None, typer.Option(help="URL of a model server, rehearsal, or replay:FILE.")] = None,
    model: Annotated[str | None, typer.Option(help="The model's name at the server.")] = None,
    record: Annotated[Path | None, typer.Option(help="Keep every request and reply in this file.")] = None,
    tasks: Annotated[list[Path] | None, typer.Option(help="Task files instead of the built-in curriculum.")] = None,
    schedule: Annotated[str | None, typer.Option(help="curriculum or once.")] = None,
    memory: Annotated[Path | None, typer.Option(help="The memory's folder.")] = None,
    sandbox: Annotated[str | None, typer.Option(help="auto, docker, bubblewrap or process.")] = None,
    cycles: Annotated[int | None, typer.Option(help="End after so many attempts.")] = None,
    until: Annotated[str | None, typer.Option(help="End at this local time, HH:MM.")] = None,
    hours: Annotated[float | None, typer.Option(help="End after so many hours.")] = None,
    max_tokens: Annotated[int | None, typer.Option(help="End after so many tokens.")] = None,
    workers: Annotated[int | None, typer.Option(help="Attempts at the same time.")] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of a new memory.")] = None,
    max_repairs: Annotated[int | None, typer.Option(help="Repair turns after a failure.")] = None,
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
            display.end(Loop(parts, runner).run())
    if runner.running:
        sys.stdout.flush()
        os._exit(0)  # a thread that still waits for a name server, say, must not hold up the end
    return 0


def assemble(settings: Settings, display: Display, clock: Clock, stack: ExitStack) -> Parts:
    """Build all parts; what has to be closed is left to the stack, in order.

    Raises:
        InputError: a setting cannot be fulfilled.
        Fault: the disk, the model server or the sandbox refuses at once.
    """
    request = StopRequest(on_first=lambda name: display.note(f"{name}: parking what is under way"))
    tasks = given_tasks(settings.tasks)
    targets = DifficultyTargets()
    identify = lambda: memory_id(seed_of(settings.memory, settings.seed))  # noqa: E731
    memory = MemoryManager.open(
        settings.memory, views=all_views(targets), clock=clock, what="loop.py", identify=identify
    )
    stack.callback(memory.close)
    log_to_file(settings.memory / "logs" / "loop.jsonl")
    seed = seed_of(settings.memory, settings.seed)
    prompts = Prompts(failure_chars=settings.failure_chars)
    remember(memory, tasks, prompts=NAMES, prompts_sha256=prompts.digest, by="loop.py")
    memory.take_wishes(all_views)
    known = [as_known(record.task) for record in memory.state.tasks.values()]
    model = choose_model(settings, known, seed=seed, request=request, stack=stack)
    sandbox = choose_sandbox(settings.sandbox, trusted_code_only=settings.llm == REHEARSAL, progress=display.note)
    stack.callback(sandbox.close)
    pool = tuple(task.id for task in tasks)
    return Parts(
        settings=settings,
        memory=memory,
        sandbox=sandbox,
        model=model,
        prompts=prompts,
        strategy=StrategyManager(pool, targets, schedule=settings.schedule),
        targets=targets,
        stop=stopping.of_settings(settings, clock, lambda: request.name),
        enough=stopping.enough(settings),
        request=request,
        display=display,
        clock=clock,
        seed=seed,
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
