"""Everything that can be set, from the command line, the environment or `.env`, with its meaning and bounds.

Names in the environment are the field's name in capitals behind `BT_`, e.g. `BT_LLM`; the memory's folder is
`MEMORY_DIR`. The command line wins over the environment, the environment over `.env`.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from utils.errors import InputError

PREFIX = "BT_"
ROOT = Path(__file__).resolve().parents[1]

Schedule = Literal["curriculum", "once"]
SandboxChoice = Literal["auto", "docker", "socket", "bubblewrap", "landlock", "process"]
Isolation = Literal["slot", "container"]
Resume = Literal["off", "on", "only", "container"]

PACKAGE_NAME = re.compile(r"[a-z0-9]+(?:[.+-][a-z0-9]+)*")
MAX_PACKAGES, MAX_PACKAGE_NAME = 32, 60
LOCAL_CONTEXT_TOKENS = 8192
WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s]*")
SECRETS = {"api_key", "notify_webhook", "notify_ntfy", "notify_token"}
"""Whoever knows the address of a webhook may write to it."""
RUNTIME_NAME = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_.-]{0,99})?")


def is_package_name(text: str) -> bool:
    """Whether `python3-` and text can name a Debian package, and nothing else to a shell or to apt-get."""
    return len(text) <= MAX_PACKAGE_NAME and PACKAGE_NAME.fullmatch(text) is not None


class Settings(BaseSettings):
    """All settings of a run."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True,
        populate_by_name=True,
    )  # fmt: skip

    llm: str = Field(
        default="rehearsal",
        description="The model: the URL of an OpenAI-compatible server, `gguf:FILE` (served by a child process; needs "
        "`make local`), `rehearsal` (simulated), or `replay:FILE`.",
    )
    model: str = Field(default="", description="The model's name at the server; empty takes the first that it lists.")
    api_key: SecretStr = Field(default=SecretStr("not-needed"), description="The server's key, where it wants one.")
    record: Path | None = Field(default=None, description="A file that keeps every request and reply, for replay.")
    tasks: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(), description="Task files instead of the built-in curriculum, separated by commas."
    )
    schedule: Schedule = Field(
        default="curriculum", description="`curriculum` chooses by skill and difficulty; `once` takes each in order."
    )
    memory: Path = Field(
        default=ROOT / "var" / "memory", validation_alias="MEMORY_DIR", description="The memory's folder."
    )
    goal_pass_rate: Annotated[float, Field(ge=0.1, le=0.95)] = Field(
        default=0.6,
        description="The pass rate that practice aims at: between the .5 at which an outcome tells most "
        "and the .85 of Wilson et al. 2019.",
    )
    goal_speed: Annotated[float, Field(ge=0, le=2)] = Field(
        default=0.4,
        description="How fast practice gets harder or easier where outcomes differ from forecasts, in "
        "logits; 0 trusts the forecasts.",
    )
    watch: Literal["on", "off"] = Field(
        default="on",
        description="Whether skills that may have been lost are looked at closer, by tasks that were passed before.",
    )
    sandbox: SandboxChoice = Field(
        default="auto",
        description="Where code runs: `auto`, `docker`, `socket` (services of compose), `bubblewrap`, `landlock` or "
        "`process` (unsafe).",
    )
    sandbox_packages: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Python packages that code may import, separated by commas: `numpy` is Debian's python3-numpy in "
        "Docker, and what the sandbox's own Python has in the other kinds.",
    )
    sandbox_socket: Path = Field(
        default=Path("/run/builder-trainer/agent.sock"),
        description="The unix socket of `--sandbox socket`; sandbox services dial it in a folder that they share.",
    )
    isolation: Isolation = Field(
        default="slot",
        description="`container` makes a container, or a set of namespaces, for each job; `slot` uses one again while "
        "it proves clean. Landlock and process make everything new for each job anyway.",
    )
    runtime: str = Field(
        default="",
        description="The containers' runtime, as Docker knows it, such as `runsc`; empty for Docker's own choice. "
        "Where it is set, `auto` takes nothing but Docker for code that is not trusted.",
    )
    cycles: Annotated[int, Field(ge=1)] | None = Field(default=None, description="End after so many attempts.")
    until: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = Field(
        default=None, description="End at this local time, HH:MM."
    )
    hours: Annotated[float, Field(gt=0, le=10_000, allow_inf_nan=False)] | None = Field(
        default=None, description="End after so many hours."
    )
    max_tokens: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="End after so many tokens, prompts and replies together."
    )
    disk_reserve_mb: Annotated[int, Field(ge=0, le=10_000_000)] = Field(
        default=100,
        description="End before less than this is free on the memory's disk, MiB; 0 writes until it is full.",
    )
    resume: Resume = Field(
        default="off",
        description="After a crash or a reboot: `on` goes on with a run that did not end, its time limits counted from "
        "its beginning; `only` does that or nothing; `off` counts time limits anew; `container` is `on` for one run, "
        "after which the program rests until it is told to end.",
    )
    container: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        description="With `BT_RESUME=container`: the container's name, if it is not that of the host.",
    )
    workers: Annotated[int, Field(ge=1, le=64)] = Field(default=1, description="Attempts at the same time.")
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = Field(
        default=None, description="The seed of a new memory; random if not given. The same seed decides the same."
    )
    max_repairs: Annotated[int, Field(ge=0, le=20)] = Field(
        default=2, description="Repair turns after a failure; 0 asks for one reply a unit, without a reflection."
    )
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = Field(
        default=0.2, description="The model's sampling temperature."
    )
    top_p: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = Field(
        default=0.95, description="The model's nucleus sampling."
    )
    reply_tokens: Annotated[int, Field(ge=16, le=1_000_000)] = Field(
        default=2048, description="Most tokens of one reply, reasoning included."
    )
    context_tokens: Annotated[int, Field(ge=256)] | None = Field(
        default=None,
        description="The model's context length, if known: longer prompts are not sent. A `gguf:FILE` is loaded with "
        "it, or with 8192.",
    )
    local_options: str = Field(
        default="",
        description="More options of llama_cpp.server for `gguf:FILE`, such as `--n_threads 8 --n_gpu_layers -1`.",
    )
    stall_s: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] = Field(
        default=60.0, description="A stream without a byte for so long has stalled."
    )
    first_token_s: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] = Field(
        default=300.0, description="The first byte may take so long: the first call loads the model."
    )
    wall_s: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = Field(
        default=15.0, description="Seconds that one grading run of a solution may take."
    )
    cpu_s: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = Field(
        default=5.0, description="CPU seconds of the same."
    )
    memory_mb: Annotated[int, Field(ge=16, le=65_536)] = Field(default=512, description="Memory of the same, MiB.")
    failure_chars: Annotated[int, Field(ge=200, le=100_000)] = Field(
        default=4000, description="Most characters of a failure that a repair turn shows to the model."
    )
    lessons: Literal["on", "off"] = Field(
        default="on", description="`off` shows the Builder nothing learned: neither rules nor earlier attempts."
    )
    holdout: Annotated[float, Field(ge=0.01, le=0.5)] = Field(
        default=0.2, description="Share of attempts that see nothing learned, so that learning can be proved."
    )
    dropout: Annotated[float, Field(ge=0.01, le=0.5)] = Field(
        default=0.1, description="How often a nominated rule, or recall, is left out, so that its worth can be told."
    )
    dropout_trial: Annotated[float, Field(ge=0.01, le=0.5)] = Field(
        default=0.25, description="The same for what is on trial: what seems to help, and may be proven to."
    )
    holdout_proven: Annotated[float, Field(ge=0.01, le=0.5)] = Field(
        default=0.05, description="The same once learning is proven; never more than before."
    )
    dropout_certified: Annotated[float, Field(ge=0.01, le=0.5)] = Field(
        default=0.05, description="The same for what is proven to help."
    )
    recall_tokens: Annotated[int, Field(ge=0, le=100_000)] = Field(
        default=400, description="Most tokens of a prompt that tell of earlier attempts; 0 for none."
    )
    blueprint_trials: Literal["on", "off"] = Field(
        default="off",
        description="`on` lets the model propose changes to the way of working, each tried by coin against the present "
        "one and used once it is proven better.",
    )
    analyse_every: Annotated[int, Field(ge=1)] = Field(
        default=20, description="Attempts from one analysis to the next."
    )
    report: Literal["on", "off"] = Field(
        default="on", description="`off` writes no morning report at a run's end; `cli.py report` still can."
    )
    propose_every: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Attempts from one new task that the model proposes to the next; 0 for none."
    )
    weight_accuracy: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.7, description="What passing counts in the quality of a solution."
    )
    weight_speed: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.15, description="What speed counts in it, against the reference in the same sandbox."
    )
    weight_elegance: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.15, description="What elegance counts in it: complexity, length and habits against the reference."
    )
    weight_difficulty: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.5,
        description="How much of the points depends on the difficulty: at 0.5 the hardest task is worth twice the "
        "easiest, at 0 all are worth the same.",
    )
    patience_s: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] = Field(
        default=60.0, description="How long one request is retried before its attempt is parked."
    )
    fault_wait_s: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = Field(
        default=300.0, description="Longest wait from one try to the next while a model or sandbox is away."
    )
    wait_for_model: bool = Field(
        default=False, description="Wait at the start for a model server that is away, in place of ending at once."
    )
    stuck_s: Annotated[float, Field(gt=0, le=864_000, allow_inf_nan=False)] | None = Field(
        default=None,
        description="A step that takes longer is told as stuck; if not given, ten times its usual time, and at least "
        "ten minutes.",
    )
    notify_webhook: SecretStr = Field(
        default=SecretStr(""), description="A URL that is told of trouble and of the end: a POST of JSON."
    )
    notify_ntfy: SecretStr = Field(
        default=SecretStr(""),
        description="The same for ntfy: the URL of a topic, a POST of plain text with Title and Priority.",
    )
    notify_token: SecretStr = Field(default=SecretStr(""), description="The bearer token of both, where they want one.")
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] | None = Field(
        default=None,
        description="Serve http://127.0.0.1:PORT/metrics for Prometheus while the loop runs; 0 takes a free port.",
    )
    otel: Literal["off", "on"] = Field(
        default="off",
        description="`on` sends a span for each attempt and each answer of the model to OpenTelemetry, without their "
        "texts; needs the packages of the extra `otel`, and OTEL_EXPORTER_OTLP_ENDPOINT says where to.",
    )
    truths: Path | None = Field(
        default=None,
        description="The rehearsal model's planted truths: a file; empty for its own; `null` for a world in "
        "which nothing that is learned has an effect.",
    )

    @field_validator("tasks", "sandbox_packages", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("sandbox_packages")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > MAX_PACKAGES or not all(map(is_package_name, value)):
            raise ValueError(f"should be at most {MAX_PACKAGES} names such as numpy,pytest")
        return value

    @field_validator("runtime")
    @classmethod
    def _runtime_name(cls, value: str) -> str:
        if not RUNTIME_NAME.fullmatch(value):
            raise ValueError("should be a name such as runsc")
        return value

    @field_validator("notify_webhook", "notify_ntfy")
    @classmethod
    def _web_address(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not WEB_ADDRESS.fullmatch(value.get_secret_value()):
            raise ValueError("should be the URL of a web server, http:// or https://")
        return value

    @model_validator(mode="after")
    def _context_of_a_file(self) -> "Settings":
        """A file is loaded with a context that somebody has to choose."""
        if self.context_tokens is None and self.llm.startswith("gguf:"):
            self.context_tokens = LOCAL_CONTEXT_TOKENS
        return self


def load_settings(**given: Any) -> Settings:  # noqa: ANN401  options of the command line, validated here
    """The settings; options that are None were not given.

    Raises:
        InputError: a value is wrong; says which, where it came from, and what is allowed.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise InputError(_explain(error, given)) from error
    except (OSError, ValueError) as error:
        raise InputError(f"the settings cannot be read: {' '.join(str(error).split())}") from error


def _explain(error: ValidationError, given: dict[str, Any]) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0])
    field = "memory" if name == "MEMORY_DIR" else name
    where = f"--{field.replace('_', '-')}" if given.get(field) is not None else variable(field)
    wrong = "should be a time, HH:MM" if first["type"] == "string_pattern_mismatch" else first["msg"]
    if field in SECRETS:
        return f"{where}: {wrong}"
    return f"{where}: {wrong}, not {str(first['input'])[:80]!r}"


def variable(field: str) -> str:
    """The name of a setting in the environment."""
    return "MEMORY_DIR" if field == "memory" else PREFIX + field.upper()


def public(settings: Settings) -> dict[str, str]:
    """What was set, as text for the log; secrets and the seed left out."""
    values = settings.model_dump(exclude={*SECRETS, "seed"})
    values["tasks"] = ",".join(map(str, settings.tasks)) or None
    values["sandbox_packages"] = ",".join(settings.sandbox_packages) or None
    return {name: str(value) for name, value in values.items() if value is not None}
