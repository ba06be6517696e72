"""How far does a model come that can solve nothing, and writes what it is shown into a table?

    python -m benchmarks.table_writer [--data ../shared/data] [--turns 6] [--sandbox auto] [--all-shown] [--guess]
    python -m benchmarks.table_writer --nights 20 [--units 300]

The first asks for each task of three sets, and is to pass none; `--all-shown` shows every check, as a task with
`show_checks` does, for comparison, and `--guess` answers calls that are not in the table by what was wanted most often.
The second flies nights through the real loop. In them the model follows the rule to keep a table where it is shown, and
else solves a third of the units at once: the rule is to be certified in none, and learning proven in no more than by
chance. Exit code 1 where a goal is missed.
"""

import json
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from builder.prompting import Prompts
from builder.run_project import Tools, run_attempt
from executor.assess import Assess, Assessor
from executor.choose_sandbox import choose_sandbox
from executor.sandbox import Sandbox
from executor.score_engine import Weights
from memory.attempts import AttemptLimits, AttemptSpec, Score, Verdict
from memory.evidence.report import evidence_report
from memory.evidence.report_forms import EvidenceReport
from memory.shown_checks import split
from memory.task_sources import built_in_curriculum, load_tasks
from memory.tasks import Task
from memory.told import Told, all_of
from tests.attacks.learning.table_writer import RULE, TableWriter, names_in, written
from tests.memory.builders import a_spec
from tests.whole_run import HeardModel, run
from utils.completions import Completion
from utils.ids import derived

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MBPP, HUMANEVAL = 120, 80
BY_CHANCE = 0.15
"""Most of the nights that may prove that learning helps: one in twenty does where nothing does (the claim's level)."""


def task_sets(data: Path) -> dict[str, list[Task]]:
    """The tasks by name of their set."""
    return {
        "MBPP": list(load_tasks(data / "mbpp" / "mbpp-150.jsonl"))[:MBPP],
        "HumanEval": list(load_tasks(data / "humaneval" / "HumanEval.jsonl.gz"))[:HUMANEVAL],
        "curriculum": list(built_in_curriculum()),
    }


def passes(task: Task, assessor: Assess, *, turns: int, guesses: bool = False) -> bool:
    """Whether the table gets the task within so many turns; see TableWriter."""
    tools = Tools(
        model=HeardModel(TableWriter(guesses=guesses)),
        prompts=Prompts(failure_chars=4000),
        grade=assessor.grade,
        score=lambda *_: None,
        tell=assessor.tell,
    )
    spec = a_spec(task_id=task.id, max_repairs=turns - 1)
    return run_attempt(spec, task, tools).result.outcome == "passed"


@dataclass(slots=True)
class KeptAssessor:
    """An assessor that judges the same code for the same task once, for tasks that draw nothing.

    `all_told`: failures are told whole, as they were before anything was kept back.
    """

    all_told: bool = False
    verdicts: dict[tuple[str, str], Verdict] = field(default_factory=dict)
    said: dict[tuple[str, str], Told] = field(default_factory=dict)
    assessor: Assessor | None = None

    def on(self, sandbox: Sandbox) -> "KeptAssessor":
        """The same one, in this sandbox from now on."""
        self.assessor = Assessor(sandbox, Weights())
        return self

    def grade(self, task: Task, code: str, spec: AttemptSpec) -> Verdict:
        """The verdict on a solution."""
        assert self.assessor is not None
        key = task.id, code
        if key not in self.verdicts:
            self.verdicts[key] = self.assessor.grade(task, code, spec)
        return self.verdicts[key]

    def tell(self, task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Told:
        """What the Builder may read of a failed verdict."""
        assert self.assessor is not None
        key = task.id, code
        if key not in self.said:
            self.said[key] = all_of(verdict) if self.all_told else self.assessor.tell(task, code, verdict, spec)
        return self.said[key]

    def score(self, task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Score | None:
        """None: nothing is measured."""
        del task, code, verdict, spec
        return None

    def flaw(self, task: Task, limits: AttemptLimits) -> str:
        """None: these tasks can be passed."""
        del task, limits
        return ""

    def trial(self, task: Task, limits: AttemptLimits) -> str | None:
        """None: these tasks are known to be sound."""
        del task, limits
        return None


@dataclass(slots=True)
class RuleFollower:
    """A model that solves one in three units at once, and of the others nothing; told to, it keeps a table."""

    references: Mapping[str, str]
    seed: int
    writer: TableWriter = field(default_factory=TableWriter)

    def __call__(self, completion: Completion) -> str:
        """A reply."""
        if completion.json_schema is not None:
            return '{"error_class": "wrong answer", "lesson": "Think.", "rule": null}'
        asked = completion.messages[1].content
        reference = next((code for goal, code in self.references.items() if goal in asked), "")
        if derived(self.seed, completion.unit or "") % 3 == 0:
            return f"```python\n{reference}\n```"
        return self.writer(completion) if RULE in asked else written({}, names_in(asked))


def night(seed: int, units: int, assessor: KeptAssessor, folder: Path) -> EvidenceReport:
    """What a night says of learning, and of the rule."""
    tasks = load_tasks(DATA / "mbpp" / "mbpp-150.jsonl")
    rows = folder / "tasks.json"
    rows.write_text(json.dumps([task.model_dump(mode="json") for task in tasks]), encoding="utf-8")
    model = RuleFollower({task.goal: task.reference or "" for task in tasks}, seed)
    settings = {"cycles": units, "seed": seed, "blueprint_trials": "off"}
    flown = run(model, rows, folder / "memory", assess=assessor.on, rules=[RULE], **settings)
    return evidence_report(flown.state.learning.evidence)


def fly(options: Namespace) -> bool:
    """Nights with the rule; whether it was proven in none."""
    assessor, proven, certified = KeptAssessor(all_told=options.all_shown), 0, 0
    for seed in range(options.nights):
        with tempfile.TemporaryDirectory() as folder:
            report = night(seed, options.units, assessor, Path(folder))
        claim = report.claims[0]
        mine = [trial for trial in report.on_trial if trial.verdict == "certified"]
        proven += report.standing == "proven"
        certified += bool(mine)
        print(
            f"night {seed}: {report.standing}, evidence E {10**claim.log10_e_helps:.3g}, {len(mine)} certified, "
            f"passed of {claim.treated.units} treated {claim.treated.rate}, of {claim.control.units} controls "
            f"{claim.control.rate}",
            flush=True,
        )
    print(f"proven in {proven} of {options.nights} nights, certified in {certified}")
    return not certified and proven <= BY_CHANCE * options.nights


def ask(options: Namespace) -> bool:
    """All tasks; whether the table passes none."""
    with closing(choose_sandbox(options.sandbox, trusted_code_only=True)) as sandbox:
        assessor = KeptAssessor(all_told=options.all_shown).on(sandbox)
        found = [_of_set(name, tasks, assessor, options) for name, tasks in task_sets(options.data).items()]
    return not any(found)


def _of_set(name: str, tasks: Sequence[Task], assessor: KeptAssessor, options: Namespace) -> int:
    with ThreadPoolExecutor(2) as pool:
        passed = [*pool.map(lambda task: passes(task, assessor, turns=options.turns, guesses=options.guess), tasks)]
    got = [task.id for task, hit in zip(tasks, passed, strict=True) if hit]
    told = [task.id for task in tasks if task.id in got and split(task).all_shown]
    print(f"{name}: {len(got)} of {len(tasks)} passed within {options.turns} turns{_among(got)}", flush=True)
    if told:
        print(f"  no evidence, as the task itself gives all that decides away: {', '.join(told)}", flush=True)
    return len(got) - len(told)


def _among(tasks: Sequence[str]) -> str:
    return f" ({', '.join(tasks)})" if tasks else ""


def main() -> int:
    """Ask, or fly nights."""
    parser = ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--all-shown", action="store_true")
    parser.add_argument("--guess", action="store_true")
    parser.add_argument("--nights", type=int, default=0)
    parser.add_argument("--units", type=int, default=300)
    options = parser.parse_args()
    return int(not (fly(options) if options.nights else ask(options)))


if __name__ == "__main__":
    sys.exit(main())
