"""Prompts are files with named slots; a slot that is not filled is an error, not an empty string."""

from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from memory.attempts import Assertion, Shown
from memory.blueprints import PLAIN, Way
from memory.tasks import Task
from memory.told import Told
from utils.completions import Completion, Message
from utils.files import sha256_hex
from utils.llm_replies import prompt_tokens
from utils.text import clip

FOLDER = Path(__file__).parent / "prompts"
NAMES = ("system", "solve", "failure", "repair", "no_code", "reflect")
REVISED_NAMES = (*NAMES, "way")
"""Of a way of working that adds words of its own."""
SHOWN_FAILURES = 3
CODE_CHARS = 20_000
MIN_PART = 40


class Prompts:
    """Renders the Builder's prompts from builder/prompts/."""

    def __init__(self, *, failure_chars: int, folder: Path = FOLDER) -> None:
        """`failure_chars` bounds what one prompt tells about a failure."""
        self._failure_chars = failure_chars
        self._folder = folder
        # what a model, a task or a program wrote is a value of a slot and never a template; nothing here is HTML
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            autoescape=False,  # noqa: S701
            trim_blocks=True,
            lstrip_blocks=True,
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the prompt files that every attempt uses: they are part of a blueprint."""
        return self._digest_of(NAMES)

    @property
    def revised_digest(self) -> str:
        """The same with the words that a revised blueprint adds."""
        return self._digest_of(REVISED_NAMES)

    def _digest_of(self, names: Sequence[str]) -> str:
        return sha256_hex(b"\0".join((self._folder / f"{name}.jinja").read_bytes() for name in names))

    def _render(self, name: str, **slots: object) -> str:
        return self._environment.get_template(f"{name}.jinja").render(**slots).strip()

    def system(self) -> str:
        """What the model is told before anything else."""
        return self._render("system")

    def solve(
        self, task: Task, *, rules: Sequence[Shown] = (), recalled: Sequence[Shown] = (), way: Way = PLAIN
    ) -> str:
        """The task, how to go about it, and what was learned that may help; without these, nothing but the task."""
        text = self._solve(task, rules, recalled)
        if not way.worded:
            return text
        bare = self._solve(task, (), ())  # what was learned stands behind it
        words = self._render("way", guidance=way.guidance, plan_first=way.plan_first)
        return f"{bare}\n\n{words}{text.removeprefix(bare)}"

    def _solve(self, task: Task, rules: Sequence[Shown], recalled: Sequence[Shown]) -> str:
        return self._render(
            "solve",
            goal=task.goal.strip(),
            starter=task.starter.rstrip(),
            names=task.callable_names,
            program=task.mode == "stdio",
            notes=task.constraints.notes,
            examples=task.examples,
            rules=[rule.text for rule in rules],
            recalled=[each.text for each in recalled],
        )

    def size(self, task: Task, *, rules: Sequence[Shown], recalled: Sequence[Shown], way: Way = PLAIN) -> int:
        """About how many tokens the first request for the task takes."""
        asked = self.solve(task, rules=rules, recalled=recalled, way=way)
        return prompt_tokens(Completion(messages=(Message("system", self.system()), Message("user", asked))))

    def fits(
        self, *, context_tokens: int | None, reply_tokens: int
    ) -> Callable[[Task, Sequence[Shown], Sequence[Shown], Way], bool]:
        """Whether a task's prompt with these rules and earlier attempts, in this way, leaves room for a reply."""

        def fits(task: Task, rules: Sequence[Shown], recalled: Sequence[Shown], way: Way) -> bool:
            if context_tokens is None:
                return True
            return self.size(task, rules=rules, recalled=recalled, way=way) + reply_tokens <= context_tokens

        return fits

    def failure(self, told: Told) -> str:
        """What failed, in at most `failure_chars` characters."""
        shown, whole = told.shown, self._failure_chars
        failures = shown.failures[:SHOWN_FAILURES] if shown else ()
        output = shown.candidate.stdout + shown.candidate.stderr if shown else ""
        text = self._render(
            "failure",
            error=clip(shown.error, whole // 4) if shown else "",
            failures=_bounded(failures, whole // (2 * max(1, len(failures)))),
            output=clip(output, whole // 8).strip(),
            unshown=told.unshown,
            kinds=told.kinds,
            fits=told.fits_only_shown,
        )
        return clip(text, whole)

    def repair(self, told: Told, *, turn: int, turns: int) -> str:
        """What failed; `turn` counts from 0, `turns` is how many there may be."""
        return self._render(
            "repair", passed=told.passed, total=told.total, turn=turn, turns=turns, failure=self.failure(told)
        )

    def no_code(self, problem: str, *, turn: int, turns: int) -> str:
        """A reply without code is asked for again."""
        return self._render("no_code", problem=problem, turn=turn, turns=turns)

    def reflect(self, task: Task, *, outcome: str, tries: int, code: str, failure: str) -> str:
        """A look back."""
        return self._render(
            "reflect",
            goal=clip(task.goal.strip() + ("\n\n" + task.starter.strip() if task.starter else ""), CODE_CHARS),
            outcome=outcome,
            tries=tries,
            code=clip(code, CODE_CHARS),
            failure=clip(failure, self._failure_chars),
        )


def _bounded(failures: Sequence[Assertion], room: int) -> list[Assertion]:
    """The failures with every text cut so that one takes about `room` characters."""
    part = max(MIN_PART, room // 8)
    texts = ("check", "source", "call", "arguments", "expected", "actual", "error")
    return [
        failure.model_copy(
            update={name: clip(getattr(failure, name), part) for name in texts}
            | {"traceback": clip(failure.traceback, 2 * part)}
        )
        for failure in failures
    ]
