"""All checks of one set-up, in the order in which a person would go about it."""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from executor.choose_sandbox import SandboxOptions
from executor.doctor import disk, machine, sandboxes, stand_ins
from executor.doctor.findings import Check, Finding, fault_finding
from executor.doctor.memory_folder import MemoryFolder
from executor.doctor.model_server import ModelServer, Waits
from executor.grading.trial import packages_of, read_task
from memory.attempts import AttemptLimits
from memory.beginnings import given_tasks
from memory.reading import pending_tasks
from memory.tasks import Task
from utils.choose_model import REHEARSAL, REPLAY
from utils.clock import Clock
from utils.errors import InputError, ModelFault
from utils.llm_interface import Endpoint
from utils.local_server import GGUF, Launch, LocalServer
from utils.settings import ROOT, Settings


class Tonight:
    """The checks for one set-up.

    Args:
        settings: what a run would be started with.
        clock: the time.
        stack: closes the sandbox, and the server of a model file.
        waiting: hears what takes long.
        waits: how long a model server may take.

    Raises:
        InputError: the model's URL cannot be meant, or its file cannot be served.
    """

    def __init__(
        self, settings: Settings, clock: Clock, stack: ExitStack, waiting: sandboxes.Waiting, waits: Waits | None = None
    ) -> None:
        self._settings, self._clock, self._waiting, self._waits = settings, clock, waiting, waits
        self._memory = MemoryFolder(settings.memory, clock)
        self._tasks: list[Task] = []
        self._place = sandboxes.Workplace(
            settings.sandbox,
            trusted_code_only=settings.llm == REHEARSAL,
            stack=stack,
            waiting=waiting,
            options=SandboxOptions.of_settings(settings),
        )
        self._local = self._local_server(stack) if settings.llm.startswith(GGUF) else None
        self._endpoint = None if self._simulated else self._server_endpoint()

    @property
    def _simulated(self) -> bool:
        return self._settings.llm == REHEARSAL or self._settings.llm.startswith(REPLAY)

    def _local_server(self, stack: ExitStack) -> LocalServer:
        """Not started yet; its log is thrown away, for the doctor leaves the memory as it was."""
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doctor-")))
        server = LocalServer(Launch.of_settings(self._settings, folder / "model-server.log"), stopping=lambda: False)
        stack.callback(server.close)
        return server

    def _server_endpoint(self) -> Endpoint:
        settings = self._settings
        if self._local is not None:
            return self._local.endpoint
        return Endpoint.from_url(
            settings.llm,
            model=settings.model,
            api_key=settings.api_key.get_secret_value(),
            context_tokens=settings.context_tokens,
        )

    def checks(self) -> list[Check]:
        """All of them; later ones use what earlier ones found."""
        settings, memory, place = self._settings, self._memory, self._place
        limits = AttemptLimits(wall_s=settings.wall_s, cpu_s=settings.cpu_s, memory_mb=settings.memory_mb)
        pyproject = ROOT / "pyproject.toml"
        return [
            Check("looking at Python", lambda: machine.python(pyproject)),
            Check("importing all packages", lambda: machine.packages(pyproject)),
            Check("comparing clocks", lambda: machine.clock(self._clock)),
            Check(
                "looking at the disk", lambda: disk.space(settings.memory, disk.Room.above(settings.disk_reserve_mb))
            ),
            Check("writing a probe file", lambda: disk.writing(settings.memory)),
            Check("locking the memory", lambda: memory.usable(settings.seed)),
            Check("reading the event log to its end", memory.log),
            Check("looking at the views", memory.views),
            Check("reading the tasks", self.tasks),
            Check("looking at the system", sandboxes.system),
            Check("running a job in Docker", self._docker),
            Check("running a job in bubblewrap", lambda: sandboxes.bubblewrap(settings.sandbox)),
            Check("running a job in Landlock", lambda: sandboxes.landlock(settings.sandbox)),
            Check("choosing the sandbox", place.choice),
            Check("running a dozen attacks in it", place.attacks),
            Check("grading a right and a wrong solution", lambda: place.grading(limits)),
            *self._model_checks(),
        ]

    def tasks(self) -> Finding:
        """Whether the tasks of the night can be read, and how many there are."""
        try:
            given = given_tasks(self._settings.tasks)
            wished = [*self._pending(), *(record.task for record in self._memory.past.state.wishes.values())]
        except InputError as error:
            return fault_finding("tasks", "problem", error, "correct BT_TASKS, or name other files with --tasks")
        except OSError as error:
            return Finding("tasks", "problem", f"the inbox cannot be read: {error.strerror}", "correct its permissions")
        self._tasks[:] = {task.id: task for task in (*wished, *given)}.values()
        graded = sum(task.graded for task in self._tasks)
        said = f"{len(self._tasks)} can be read, {graded} of them graded"
        if not graded:
            return Finding("tasks", "warning", said, "give tasks with checks: nothing can be learned from the others")
        if aside := next(filter(None, map(self._why_aside, self._tasks)), ""):
            return Finding("tasks", "warning", f"{said}; {aside}", "it will be set aside before its first attempt")
        return Finding("tasks", "ok", said)

    def _why_aside(self, task: Task) -> str:
        """What the text of a task that is no part of the program tells is wrong with it."""
        if task.origin == "curriculum" or not task.graded:
            return ""
        if lacking := sorted({*packages_of(task)} - {*self._settings.sandbox_packages}):
            return f"{task.id} needs {', '.join(lacking)}, which BT_SANDBOX_PACKAGES does not name"
        return f"{task.id}: {flaw}" if (flaw := read_task(task).flaw) else ""

    def _docker(self) -> Finding:
        options = SandboxOptions.of_settings(self._settings)
        return sandboxes.docker(self._settings.sandbox, self._waiting, options=options)

    def _pending(self) -> list[Task]:
        return pending_tasks(self._settings.memory) if (self._settings.memory / "inbox").is_dir() else []

    def _model_checks(self) -> list[Check]:
        settings = self._settings
        if settings.llm == REHEARSAL:
            return [Check("asking the rehearsal model", lambda: stand_ins.rehearsal(self._tasks, settings.truths))]
        if self._endpoint is None:
            path = Path(settings.llm.removeprefix(REPLAY))
            return [Check("reading the recordings", lambda: stand_ins.replay(path))]
        server = ModelServer(
            self._endpoint, settings, tasks=self._tasks, past=self._memory.past, waits=self._waits, clock=self._clock
        )
        loading = f"asking for a tiny function; the first answer may load the model, up to {settings.first_token_s:g} s"
        return [
            Check(f"asking {self._endpoint.url} for its models", lambda: self._serve(server)),
            Check("asking which model is loaded", server.model),
            Check(loading, server.completion),
            Check("asking for JSON", server.structured),
            Check("comparing the context with the biggest task", server.context),
            Check("measuring the speed", server.speed),
        ]

    def _serve(self, server: ModelServer) -> Finding:
        """Whether the server can be reached, once that of a model file has been started."""
        if self._local is not None:
            try:
                self._local.ensure()
            except ModelFault as fault:
                todo = "take a smaller model, a smaller BT_CONTEXT_TOKENS, or download the file again"
                return fault_finding("model server", "problem", fault, todo)
        return server.server()
