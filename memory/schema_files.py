"""JSON Schemas of everything that stands in a memory, generated from the pydantic models into memory/schemas/.

python -m memory.schema_files [FOLDER]      # after a model has changed; a test compares the files with the models
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from memory.analysis import Analysis
from memory.belogs import BELog
from memory.blueprints import Blueprint
from memory.difficulty import CurrentDifficulty
from memory.events import Event
from memory.evidence.report_forms import EvidenceReport
from memory.experiments.events import ExperimentEvent
from memory.inbox import Wish
from memory.replies import StoredReply
from memory.strategy import StrategyWeights
from memory.tasks import Task
from memory.views.advanced import LearnedConcepts, Summary, TrainerLog
from memory.views.blueprints import BlueprintStanding
from memory.views.core import BuilderProfile, ScoreLog, SkillMap
from memory.views.library import Rule
from memory.views.tasks import ReflectionMemory, TaskMemory, TaskQueue
from utils.files import json_text, write_atomically

FOLDER = Path(__file__).resolve().parent / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class LogLine(Event):
    """A line of events/*.jsonl: the event, and the SHA-256 of the line before (64 zeros on the first)."""

    prev: str


class ExperimentLine(ExperimentEvent):
    """A line of an experiment's log, with the SHA-256 of the line before as in events/*.jsonl."""

    prev: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document: its schema's name, where such documents are below the memory's folder, its model."""

    name: str
    where: str
    model: type[BaseModel]


KINDS = (
    Kind("belog", "belogs/*/*.json", BELog),
    Kind("blueprint", "blueprints/*/v*.json", Blueprint),
    Kind("blueprint_standing", "blueprints/*/standing.json", BlueprintStanding),
    Kind("builder_analysis", "advanced/builder_analysis_*.json", Analysis),
    Kind("builder_profile", "core/builder_profile.json", BuilderProfile),
    Kind("current_difficulty", "advanced/current_difficulty.json", CurrentDifficulty),
    Kind("event", "events/*.jsonl", LogLine),
    Kind("evidence", "advanced/evidence.json", EvidenceReport),
    Kind("experiment", "experiments/*/*.jsonl", ExperimentLine),
    Kind("learned_concepts", "advanced/learned_concepts.json", LearnedConcepts),
    Kind("reflection", "task_memory/reflection_*.json", ReflectionMemory),
    Kind("reply", "code_archive/*/*/reply-*.json", StoredReply),
    Kind("rule", "rules/*.json", Rule),
    Kind("score_log", "core/score_log.json", ScoreLog),
    Kind("skill_map", "core/skill_map.json", SkillMap),
    Kind("strategy_weights", "advanced/strategy_weights.json", StrategyWeights),
    Kind("summary", "task_memory/summary_*.json", Summary),
    Kind("task_memory", "task_memory/task_*.json", TaskMemory),
    Kind("task_queue", "task_memory/task_queue.json", TaskQueue),
    Kind("trainer_log", "advanced/trainer_log.json", TrainerLog),
    Kind("wish", "inbox/*.json", Wish),
)
"""Of two that match a path the later one is meant: the queue is no task."""


def schemas() -> dict[str, bytes]:
    """File name -> the schema's bytes: what is written, not what is accepted; sorted keys, two-space indent."""
    models: dict[str, type[BaseModel]] = {kind.name: kind.model for kind in KINDS}
    models["task"] = Task
    return {f"{name}.json": _schema(model) for name, model in sorted(models.items())}


def _schema(model: type[BaseModel]) -> bytes:
    document = {"$schema": DIALECT, **model.model_json_schema(mode="serialization")}
    return json_text(document).encode()


def write_schemas(folder: Path) -> None:
    """Make the folder hold these schemas and no others.

    Raises:
        StorageFault: the disk refuses.
    """
    wanted = schemas()
    for name, data in wanted.items():
        write_atomically(folder / name, data)
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]) if sys.argv[1:] else FOLDER)
