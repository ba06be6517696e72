"""Nights through the real loop, with synthetic tasks of one skill each, planted rules and no recall."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.nights import Night, fly
from memory.event_lines import read_chain
from memory.events import Decided, Finished, RuleAdded
from memory.known_tasks import as_known
from memory.task_sources import load_tasks
from utils.completions import Completion
from utils.rehearsal.known import KnownTask
from utils.rehearsal.tables import Drift, PlantedRule, Recall
from utils.rehearsal.truths import Truths
from utils.rehearsal.worlds import planted_night
from utils.settings import Schedule

SKILLS = ("dates", "lists", "state")
RULES, TASKS = 12, 30


@dataclass(slots=True)
class Real:
    """A night as its log tells it; rules in the order in which they became known."""

    seed: int
    truths: Truths
    rules: list[str]
    tasks: dict[str, KnownTask]
    decided: list[Decided] = field(default_factory=list)
    passed: dict[str, bool] = field(default_factory=dict)
    asked: dict[str, list[Completion]] = field(default_factory=lambda: defaultdict(list))


def task_file(folder: Path, count: int = TASKS) -> Path:
    """Synthetic tasks, each of one skill; skills and declared difficulties take turns."""
    rows = [
        {
            "id": f"synthetic-{number:03d}",
            "name": f"synthetic {number}",
            "goal": f"Write made_up_{number}(x): return what the synthetic task of number {number} wants.",
            "entry_point": f"made_up_{number}",
            "skills": [SKILLS[number % len(SKILLS)]],
            "difficulty": round(0.1 + 0.2 * (number // len(SKILLS) % 5), 1),
            "cases": [{"call": f"made_up_{number}(1)", "expected": "1"}],
        }
        for number in range(count)
    ]
    path = folder / "tasks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def truths_of(seed: int) -> tuple[Truths, list[str]]:
    """A world with rules that help, harm or do nothing, some in one skill only, with drift; nothing else is learned."""
    truths, rules = planted_night(3, 3, RULES - 6, 1.2, seed=seed)
    planted = [
        PlantedRule(text=rule.text, effect=rule.effect, in_skill={SKILLS[place % 3]: 0.5} if place % 7 == 0 else {})
        for place, rule in enumerate(truths.rules)
    ]
    repair = truths.repair.model_copy(update={"bonus_with_evidence": 0.0})
    reflection = truths.reflection.model_copy(update={"no_rule": 1.0, "broken": 0.0})
    changed = {
        "rules": tuple(planted), "drift": Drift(bound=1.0, skills={"lists": 0.5}), "recall": Recall(),
        "repair": repair, "reflection": reflection,
    }  # fmt: skip
    return truths.model_copy(update=changed), rules


def real_night(seed: int, folder: Path, *, units: int, schedule: Schedule, repairs: int) -> Real:
    """A night through the real loop, without recall."""
    truths, rules = truths_of(seed)
    folder.mkdir(parents=True)
    path = task_file(folder, units if schedule == "once" else TASKS)
    real = Real(seed, truths, [], {task.id: as_known(task) for task in load_tasks(path)})
    settings = {"tasks": (path,), "schedule": schedule, "max_repairs": repairs, "recall_tokens": 0}
    night = Night(seed, units, "builder-trainer", truths, rules, settings)
    fly(night, folder / "memory", overhear=lambda completion: real.asked[completion.unit].append(completion))
    for event, _ in read_chain(folder / "memory" / "events"):
        match event.data:
            case RuleAdded():
                real.rules.append(event.data.text)
            case Decided():
                real.decided.append(event.data)
            case Finished(result=result):
                real.passed[result.unit_id] = result.outcome == "passed"
    return real
