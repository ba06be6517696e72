"""Builder-Trainer's loop: the Trainer chooses, the Builder works, the memory keeps; for a night, by itself.

python loop.py --llm rehearsal --cycles 60
python loop.py --llm http://localhost:1234/v1 --hours 8
python loop.py --llm gguf:model.gguf --hours 8
"""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

from builder.findings import find
from builder.prompting import NAMES, REVISED_NAMES, Prompts
from builder.run_project import Attempt, Tools, run_attempt
from builder.watched import WatchedModel, watched
from executor.assess import Assess, Assessor
from executor.choose_sandbox import SandboxOptions, choose_sandbox
from executor.grading.facts import sandbox_facts
from executor.parking import Parking
from executor.quarantine import Quarantine
from executor.run_head import run_head
from executor.runner import Ended, Runner, guarded
from executor.sandbox import Sandbox
from executor.score_engine import Weights
from memory import runs
from memory.answering import Answering
from memory.attempts import AttemptResult
from memory.beginnings import PromptFiles, given_tasks, remember
from memory.belogs import BELog
from memory.decisions import limits_of
from memory.events import Analysed, Decided, Finished
from memory.falls import in_words
from memory.known_tasks import as_known
from memory.make_belog import make_belog
from memory.memory_manager import MemoryManager
from memory.records import InFlight
from memory.replies import RememberingModel
from memory.run_lines import run_summary, unit_line
from memory.runs import RunSetup
from memory.signatures import signatures
from memory.tasks import Task
from trainer.analyze_builder import analyse
from trainer.decide import Decider, decider_of, own_tasks
from trainer.morning_report.at_the_end import report_at_the_end
from trainer.opened import Opened, open_memory
from trainer.proposing import Proposing
from trainer.rechecks import Rechecks
from trainer.revising import Revising
from trainer.views import all_views
from utils import stopping
from utils.choose_model import REHEARSAL, choose_model
from utils.clock import Clock, SystemClock, iso
from utils.clock_watch import ClockWatch
from utils.command import EXIT_FAULT, EXIT_SIGTERM, run_command
from utils.completions import Model
from utils.display import ConsoleDisplay, Display, Summary, summary_lines
from utils.errors import Fault, Interrupted, StorageFault
from utils.files import write_atomically
from utils.model_wait import wait_for_model
from utils.notify import Notifier
from utils.settings import Settings, load_settings, public
from utils.signals import StopRequest, handled, rest
from utils.steps import Steps
from utils.tracing import Traces, traces_of
from utils.watchdog import Watchdog

log = structlog.get_logger()

LOOP = "the loop"
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
    assess: Assess
    decider: Decider
    rechecks: Rechecks
    stop: stopping.Stop
    """Ends the run once what is under way is finished; what is parked stays parked."""
    enough: stopping.Stop
    """Decides no further unit; the run ends once all decided ones are finished."""
    request: StopRequest
    display: Display
    notifier: Notifier
    steps: Steps
    traces: Traces
    clock: Clock
    seed: int


class Loop:
    """One run: decides units, has them worked on, and is the only one that writes what came of them."""

    def __init__(self, parts: Parts, runner: Runner[Attempt]) -> None:
        """Nothing happens yet."""
        self.failed = False
        """Whether the run had to end because its memory could not be written, or by a defect of this program."""
        self.left_open = False
        """Whether the run is to be gone on with by the next start, and did not say that it ended."""
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
        asked = WatchedModel(parts.model, LOOP, parts.steps)
        self._revising = Revising(
            parts.memory, asked, parts.settings, words=revised_words(parts.prompts), seed=parts.seed
        )
        self._quarantine = Quarantine(parts.memory, parts.assess, limits_of(parts.settings), parts.display.note)
        self._proposing = Proposing(parts.memory, asked, parts.sandbox, parts.settings, seed=parts.seed)
        self._clock_watch = ClockWatch(parts.clock)
        self._answering = Answering(parts.memory.state)

    def run(self) -> Summary:
        """Work until there is a reason to end; the run's summary, whatever the reason is."""
        try:
            self._begin()
            ended = guarded(LOOP, self._work)
            reason, self.failed = ended.value or str(ended.fault), ended.value is None
        except StorageFault as fault:
            reason, self.failed = str(fault), True
        if self.failed:
            log.warning("loop.failed", why=reason)
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
            self._listen()
            reason = self._parts.stop.check(self._standing())
            if self._parts.request.is_set():
                return reason or "asked to stop"
            if reason is None and not self._state.paused_at:
                self._fill()
            if not self._runner.running and (reason := reason or self._done()):
                return reason
            for ended in self._runner.ended(POLL_S):
                self._take(ended)
            if self._parking.away and not self._runner.running:
                self._wait_out()

    def _listen(self) -> None:
        """Do what people left in the inbox; notice what became of the time."""
        self._memory.take_wishes(all_views, told=self._display.note)
        if self._state.paused_at and not self._runner.running:
            self._display.working(f"paused since {self._state.paused_at}")
        if told := self._clock_watch.look():
            log.warning("clock.changed", what=told)
            self._display.note(told)

    def trouble(self, text: str) -> None:
        """Something that a person should know, wherever they are."""
        self._display.note(text)
        self._parts.notifier.send("trouble", f"Builder-Trainer: {text}", text)

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
            with self._parts.steps.step(LOOP, "deciding"):
                unit = self._next_unit()
            if unit is None:
                return
            self._start(unit)

    def _next_unit(self) -> str | None:
        unit = self._decide() if self._parking.wants_another else None
        if unit is None:
            self._parking.give_up_lonely()
            unit = self._parking.leave()
        return unit

    def _must_be_alone(self) -> bool:
        """Whether a unit during which the program died is under way, or is next: it must not drag others down."""
        deaths = self._state.deaths
        deadly = any(deaths[unit] for unit in self._state.running) or deaths[self._parking.next or ""]
        return bool(self._runner.running and deadly)

    def _decide(self) -> str | None:
        """Choose, freeze and log the next unit; its id, or None if there is none to decide."""
        if self._parts.enough.check(self._standing()):
            return None
        for told in self._revising.end_trials():
            self._display.note(told)
        if self._proposing.is_due:
            self._display.working("a new task")
            self._proposing.propose()
        decided = self._sound_one()
        if decided is None:
            return None
        self._memory.append([decided])
        return decided.spec.unit_id

    def _sound_one(self) -> Decided | None:
        """The next unit, of a task that was tried; None if there is none, or none can be tried now."""
        parts, state = self._parts, self._state
        while decided := parts.decider.next(state, seed=runs.run_seed(parts.seed, state.runs)):
            task = state.tasks[decided.spec.task_id].task
            if not self._quarantine.wants_trial(task):
                return decided
            if parts.request.is_set():
                return None
            self._display.working(f"trying {task.name}")
            if fault := self._quarantine.try_first(task):
                self._parking.away = "" if isinstance(fault, Interrupted) else str(fault)
                return None
        return None

    def _start(self, unit: str) -> None:
        flight = self._state.in_flight[unit]
        self._display.working(flight.task.name)
        folder = self._memory.attempt_folder(flight.task.id, flight.spec.number)
        tools = Tools(
            model=RememberingModel(self._parts.model, folder),
            prompts=self._parts.prompts,
            grade=self._parts.assess.grade,
            score=self._parts.assess.score,
            tell=self._parts.assess.tell,
        )
        seen = watched(tools, unit, self._parts.steps)
        facts: dict[str, str | int] = {"unit": unit, "task": flight.task.id, "attempt": flight.spec.number}
        self._runner.submit(
            unit, self._parts.traces.attempt(facts, lambda: run_attempt(flight.spec, flight.task, seen))
        )

    def _take(self, ended: Ended[Attempt]) -> None:
        if ended.value is not None:
            if told := self._parking.back():
                self._display.note(told)
            with self._parts.steps.step(LOOP, "keeping an attempt"):
                self._keep(ended.key, ended.value)
        elif ended.fault is not None:
            self._park(ended.key, ended.fault)

    def _park(self, unit: str, fault: Fault) -> None:
        if told := self._parking.park(unit, fault):
            self.trouble(told)

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
        for told in self._answering.look(flight.spec.model, result):
            self.trouble(told)
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
            self._listen()
            if self._parts.request.wait(POLL_S):
                break
        self._parking.away = ""

    def _end(self, reason: str) -> Summary:
        """Park what is under way, log and say how the run ended."""
        self._parts.sandbox.close()
        self.left_open = self._parts.request.name == "SIGTERM" and self._settings.resume != "off"
        closed = guarded(LOOP, lambda: self._close_log(reason))
        if closed.fault is not None:
            log.warning("loop.end_not_logged", why=str(closed.fault))
        (self._memory.folder / stopping.STOP_FILE).unlink(missing_ok=True)
        summary = run_summary(
            self._state,
            reason=reason,
            words=analyse(self._state, self._parts.rechecks).summary,
            folder=str(self._memory.folder),
            simulated=self._settings.llm == REHEARSAL,
        )
        self._parts.notifier.send("end", f"Builder-Trainer ended: {reason}", "\n".join(summary_lines(summary)))
        return summary

    def _close_log(self, reason: str) -> None:
        end_s = self._parts.clock.monotonic_s() + PARK_WITHIN_S
        while self._runner.running and self._parts.clock.monotonic_s() < end_s:
            for ended in self._runner.ended(POLL_S):
                self._take(ended)
        for told in self._revising.end_trials():
            self._display.note(told)
        if self._state.totals.units > self._state.units_at_last_analysis:
            self._memory.append([Analysed(analysis=analyse(self._state, self._parts.rechecks))])
        if not self.left_open:
            runs.end(self._memory, reason, seed=self._parts.seed)


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
    resume: Annotated[str | None, typer.Option(help="off, or after a crash: on, only, container.")] = None,
) -> int:
    """Let the Builder work and the Trainer choose, until there is a reason to end."""
    given = dict(locals())
    if tasks is not None:
        given["tasks"] = tuple(tasks)
    settings = runs.in_its_container(load_settings(**given))
    display = ConsoleDisplay(Console())
    code = one_run(settings, display)
    if settings.container and code == 0:
        rest(lambda: display.note("The container rests; its memory is free for other programs."))
    return code


def one_run(settings: Settings, display: Display) -> int:
    """Begin a run or go on with one, unless neither is wanted; the exit code."""
    clock = SystemClock()
    with ExitStack() as stack:
        opened = open_memory(settings, clock, stack)
        if why := runs.why_none(settings, opened.memory.state):
            display.note(why)
            return 0
        parts = assemble(settings, opened, display, clock, stack)
        pool = ThreadPoolExecutor(max_workers=settings.workers, thread_name_prefix="attempt")
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        runner: Runner[Attempt] = Runner(pool, workers=settings.workers)
        loop = Loop(parts, runner)
        _serve_metrics(parts, stack)
        with handled(parts.request), Watchdog.of_settings(settings, parts.steps, clock, told=loop.trouble):
            display.begin(
                run_head(parts.model.name, parts.sandbox.tier, settings, tasks=len(parts.memory.state.tasks)),
                cycles=settings.cycles,
            )
            display.end(replace(loop.run(), report=report_at_the_end(opened, settings, note=display.note)))
    code = EXIT_FAULT if loop.failed else EXIT_SIGTERM if loop.left_open else 0
    if runner.running:
        sys.stdout.flush()
        os._exit(code)  # a thread that still waits for a name server, say, must not hold up the end
    return code


def assemble(
    settings: Settings,
    opened: Opened,
    display: Display,
    clock: Clock,
    stack: ExitStack,
    *,
    sandbox_of: Callable[[Settings, Display], Sandbox] | None = None,
) -> Parts:
    """Build all parts; what has to be closed is left to the stack, in order.

    Args:
        settings: what was asked for.
        opened: the memory.
        display: where the run is shown.
        clock: what time limits are measured with.
        stack: closes what has to be closed.
        sandbox_of: in place of the sandbox that the settings ask for.

    Raises:
        InputError: a setting cannot be fulfilled.
        Fault: the disk, the model server or the sandbox refuses at once.
    """
    request = StopRequest(on_first=lambda name: display.note(f"{name}: parking what is under way"))
    memory, tasks = opened.memory, given_tasks(settings.tasks)
    prompts = Prompts(failure_chars=settings.failure_chars)
    remember(memory, tasks, plain=PromptFiles(NAMES, prompts.digest), revised=revised_words(prompts), by="loop.py")
    memory.take_wishes(all_views, told=display.note)
    settings = runs.with_its_model(settings, memory.state)
    traces = traces_of(settings, stack)
    model = traces.model(_model_of(settings, opened, request, display, stack))
    sandbox = (sandbox_of or _sandbox_of)(settings, display)
    stack.callback(sandbox.close)
    notifier = Notifier(settings, clock, told=display.note)
    stack.callback(notifier.close)
    began = runs.since(memory.state, model=model.name, simulated=settings.llm == REHEARSAL)
    return Parts(
        settings=settings,
        memory=memory,
        sandbox=sandbox,
        model=model,
        prompts=prompts,
        assess=Assessor(sandbox, Weights.of_settings(settings)),
        decider=decider_of(
            settings,
            [*(task.id for task in tasks), *own_tasks(memory.state, settings)],
            recall=opened.recall,
            fits=prompts.fits(context_tokens=settings.context_tokens, reply_tokens=settings.reply_tokens),
            model=model.name,
            sandbox=sandbox.tier.kind,
        ),
        rechecks=opened.rechecks,
        stop=stopping.of_settings(
            settings, clock, lambda: request.name, since=None if settings.resume == "off" else began
        ),
        enough=stopping.enough(settings),
        request=request,
        display=display,
        notifier=notifier,
        steps=Steps(clock),
        traces=traces,
        clock=clock,
        seed=opened.seed,
    )


def revised_words(prompts: Prompts) -> PromptFiles:
    """The prompt files of a revised blueprint."""
    return PromptFiles(REVISED_NAMES, prompts.revised_digest)


def _model_of(settings: Settings, opened: Opened, request: StopRequest, display: Display, stack: ExitStack) -> Model:
    tasks = [record.task for record in opened.memory.state.tasks.values()]
    # what the rehearsal model proposed it solves by its own recipe, before and after a restart
    known = [as_known(task) for task in tasks if task.origin != "generated"]
    model = choose_model(settings, known, seed=opened.seed, request=request, stack=stack, note=display.note)
    if settings.wait_for_model:
        with handled(request):
            wait_for_model(model, longest_s=settings.fault_wait_s, request=request, note=display.note)
    return model


def _sandbox_of(settings: Settings, display: Display) -> Sandbox:
    return choose_sandbox(
        settings.sandbox,
        trusted_code_only=settings.llm == REHEARSAL,
        progress=display.note,
        options=SandboxOptions.of_settings(settings),
    )


def _serve_metrics(parts: Parts, stack: ExitStack) -> None:
    port = parts.settings.metrics_port
    if port is None:
        return
    from memory.metrics import RunCollector, served  # noqa: PLC0415  only who wants it waits for its import

    folder = parts.settings.memory
    url = stack.enter_context(served(RunCollector(parts.memory.state, parts.steps, parts.clock, folder), port))
    parts.display.note(f"Metrics: {url}")


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(main)

if __name__ == "__main__":
    sys.exit(run_command(app))
