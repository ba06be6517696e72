import itertools
from collections.abc import Sequence
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from memory.attempts import Outcome, Reflection
from memory.belogs import BELog
from memory.events import Event, Faulted, Finished, Happening
from memory.levels import level_of
from memory.view_files import Fold, render
from memory.views.advanced import LearnedConcepts, TrainerLog
from memory.views.core import BuilderProfile, ScoreLog, SkillMap
from memory.views.library import Rule
from memory.views.tasks import ReflectionMemory, TaskMemory, TaskQueue, task_file
from memory.views.view import Document
from tests.memory.builders import AT, a_reflection, added, created, decided, finished
from tests.memory.lives import lives
from trainer.views import all_views

T = TypeVar("T", bound=BaseModel)


class Folded:
    """All views, fed with events; keeps the last form of every document."""

    def __init__(self, *happenings: Happening) -> None:
        self.fold, self.documents, self._seq = Fold(all_views()), dict[str, Document](), 0
        self.tell(created(), *happenings)

    def tell(self, *happenings: Happening) -> "Folded":
        for happening in happenings:
            self._seq += 1
            self.fold.apply(Event(seq=self._seq, at=AT, data=happening))
        self.documents |= {document.path: document for document in self.fold.changed()}
        return self

    def unit(self, number: int, outcome: Outcome = "passed", task_id: str = "add", **fields: Any) -> "Folded":
        self.tell(decided(number, task_id))
        return self.tell(finished(self.fold.state, number, outcome, **fields))

    def read(self, path: str, kind: type[T]) -> T:
        return kind.model_validate_json(render(self.documents[path]))


def rendered(happenings: Sequence[Happening], cuts: Sequence[bool]) -> dict[str, bytes]:
    """The last bytes of every document, asked for after each event where `cuts` says so."""
    fold, found = Fold(all_views()), dict[str, bytes]()
    for seq, happening in enumerate((created(), *happenings), start=1):
        fold.apply(Event(seq=seq, at=f"{AT}{seq}", data=happening))
        if cuts[seq]:
            found |= {document.path: render(document) for document in fold.changed()}
    return found | {document.path: render(document) for document in fold.changed()}


@settings(max_examples=60, deadline=None)
@given(lives(), st.lists(st.booleans(), min_size=50, max_size=50))
def test_documents_are_the_same_however_often_they_were_asked_for(life: list[Happening], cuts: list[bool]) -> None:
    at_once = rendered(life, [False] * 50)
    assert rendered(life, [True] * 50) == at_once
    assert rendered(life, cuts) == at_once


@settings(max_examples=30, deadline=None)
@given(lives())
def test_asking_twice_gives_nothing_new(life: list[Happening]) -> None:
    folded = Folded(*life)
    assert list(folded.fold.changed()) == []


def test_a_new_memory_has_its_documents_at_once() -> None:
    assert sorted(Folded().documents) == [
        "advanced/current_difficulty.json",
        "advanced/evidence.json",
        "advanced/learned_concepts.json",
        "advanced/strategy_weights.json",
        "advanced/trainer_log.json",
        "core/builder_profile.json",
        "core/score_log.json",
        "core/skill_map.json",
        "task_memory/task_queue.json",
    ]


def test_a_document_that_the_writer_could_not_take_is_offered_again() -> None:
    fold = Folded(added(), added("b"), added("c")).fold
    fold.apply(Event(seq=99, at=AT, data=added("b", goal="Changed.")))
    fold.apply(Event(seq=100, at=AT, data=added("c", goal="Changed.")))
    offered = list(itertools.islice(fold.changed(), 3))
    again = [document.path for document in fold.changed()]
    assert offered[-1].path in again
    assert "task_memory/task_c.json" in again


def test_the_profile_counts_what_happened() -> None:
    profile = (
        Folded(added())
        .unit(1)
        .unit(2, "failed")
        .tell(Faulted(fault="f", message="m"))
        .read("core/builder_profile.json", BuilderProfile)
    )
    assert (profile.units, profile.passed_first, profile.failed, profile.faults) == (2, 1, 1, 1)
    assert (profile.pass_rate, profile.tokens, profile.models) == (0.5, 200, {"rehearsal": 2})
    assert [(each.error_class, each.count) for each in profile.common_errors] == [("wrong answer", 1)]


def test_the_skill_map_shows_the_pass_record_and_the_level() -> None:
    folded = Folded(added(skills=("arithmetic", "sums"))).unit(1).unit(2, "failed")
    skill = folded.read("core/skill_map.json", SkillMap).skills["sums"]
    assert (skill.attempts, skill.passes, skill.pass_rate, skill.recent_pass_rate) == (2, 1, 0.5, 0.5)
    assert skill.level == level_of(folded.fold.state.learning.level("sums"))


def test_the_queue_shows_people_s_tasks_by_priority_until_their_first_outcome() -> None:
    folded = Folded(added(), *(added(each, origin="user", priority=n) for n, each in enumerate(("a", "b", "c"))))
    assert [entry.task_id for entry in queue(folded).first] == ["c", "b", "a"]
    assert [entry.task_id for entry in queue(folded.unit(1, "failed", "b")).first] == ["c", "a"]
    assert [entry.task_id for entry in queue(folded.tell(added("b", origin="user"))).first] == ["c", "a"]
    assert (queue(folded).waiting, queue(folded).tasks_known) == (2, 4)


def test_the_queue_of_very_many_wishes_shows_two_hundred() -> None:
    folded = Folded(*(added(f"t{number}", origin="user") for number in range(250)))
    assert (queue(folded).waiting, len(queue(folded).first)) == (250, 200)


def queue(folded: Folded) -> TaskQueue:
    return folded.read("task_memory/task_queue.json", TaskQueue)


def test_a_task_called_queue_does_not_take_the_place_of_the_queue() -> None:
    folded = Folded(added("queue", origin="user"))
    assert queue(folded).waiting == 1
    assert folded.read(task_file("queue"), TaskMemory).task.id == "queue"


def test_tasks_whose_names_differ_only_in_case_have_documents_of_their_own() -> None:
    folded = Folded(added("Sort"), added("sort"), added("sort/a"), added("sort-a"))
    tasks = [path for path in folded.documents if path.startswith("task_memory/task_") and "queue" not in path]
    assert len({path.lower() for path in tasks}) == 4


def test_a_task_s_document_holds_its_latest_twenty_attempts() -> None:
    folded = Folded(added())
    for number in range(1, 26):
        folded.unit(number)
    memory = folded.read("task_memory/task_add.json", TaskMemory)
    assert (memory.attempts, memory.passes, memory.best_points) == (25, 25, 80)
    assert [entry.unit_id for entry in memory.latest] == [f"abcdef12-{number:06d}" for number in range(6, 26)]


def test_reflections_are_kept_usable_or_not_the_latest_twenty() -> None:
    folded = Folded(added()).unit(1, "failed", reflection=Reflection(usable=False, problem="no JSON"))
    for number in range(2, 24):
        folded.unit(number, "failed", reflection=a_reflection())
    memory = folded.read("task_memory/reflection_add.json", ReflectionMemory)
    assert (memory.total, len(memory.latest), memory.latest[-1].unit_id) == (23, 20, "abcdef12-000023")


def test_equal_proposals_are_one_rule_and_a_negation_is_another() -> None:
    folded = Folded(added("add", skills=("arithmetic",)), added("sort", skills=("sorting",)))
    folded.unit(1, "failed", reflection=a_reflection("Use a heap."))
    folded.unit(2, "failed", "sort", reflection=a_reflection("use  a HEAP"))
    folded.unit(3, "failed", reflection=a_reflection("Do not use a heap."))
    rules = [folded.read(path, Rule) for path in folded.documents if path.startswith("rules/")]
    assert [(rule.text, rule.proposals) for rule in rules] == [("Use a heap.", 2), ("Do not use a heap.", 1)]
    assert rules[0].skills == ("arithmetic", "sorting")
    assert rules[0].error_classes == ("wrong answer",)
    assert [each.by for each in rules[0].sources] == ["abcdef12-000001", "abcdef12-000002"]


def test_a_rule_remembers_its_latest_twenty_sources() -> None:
    folded = Folded(added())
    for number in range(1, 26):
        folded.unit(number, "failed", reflection=a_reflection("Use a heap."))
    [rule] = [folded.read(path, Rule) for path in folded.documents if path.startswith("rules/")]
    assert (rule.proposals, len(rule.sources), rule.sources[-1].by) == (25, 20, "abcdef12-000025")


def test_a_concept_is_learned_once_with_the_first_pass() -> None:
    folded = Folded(added()).unit(1, "failed").unit(2).unit(3)
    concepts = folded.read("advanced/learned_concepts.json", LearnedConcepts)
    assert (concepts.total, concepts.by_skill) == (1, {"arithmetic": 1})
    assert [concept.unit_id for concept in concepts.latest] == ["abcdef12-000002"]


def test_scores_and_decisions_are_windows_with_their_totals() -> None:
    folded = Folded(added())
    for number in range(1, 206):
        folded.unit(number)
    scores = folded.read("core/score_log.json", ScoreLog)
    decisions = folded.read("advanced/trainer_log.json", TrainerLog)
    assert (scores.total, len(scores.latest), scores.latest[0].unit_id) == (205, 200, "abcdef12-000006")
    assert (decisions.total, len(decisions.latest), decisions.latest[-1].unit_id) == (205, 200, "abcdef12-000205")


def test_logs_are_filed_by_the_thousand() -> None:
    folded = Folded(added()).unit(999).unit(1000)
    assert folded.read("belogs/000000/abcdef12-000999.json", BELog).execution_trace_id == "abcdef12-000999"
    assert folded.read("belogs/000001/abcdef12-001000.json", BELog).execution_trace_id == "abcdef12-001000"


class Long:
    """Folds ever more units that are all alike."""

    def __init__(self) -> None:
        self.fold = Folded(*(added(f"t{number}") for number in range(50)), added(), decided(0)).fold
        self._model, self._seq = finished(self.fold.state, 0), 100

    def unit(self, number: int) -> None:
        unit = f"abcdef12-{number:06d}"
        result = self._model.result.model_copy(update={"unit_id": unit})
        belog = self._model.belog.model_copy(update={"execution_trace_id": unit})
        for happening in (decided(number), Finished(result=result, belog=belog)):
            self._seq += 1
            self.fold.apply(Event(seq=self._seq, at=AT, data=happening))

    def cost(self, number: int) -> tuple[list[str], int]:
        """The documents that one more unit changes, digits left out, and their bytes."""
        list(self.fold.changed())
        self.unit(number)
        changed = list(self.fold.changed())
        paths = ["".join(char for char in document.path if not char.isdigit()) for document in changed]
        return paths, sum(len(render(document)) for document in changed)


def test_a_unit_costs_the_same_after_two_hundred_and_after_twenty_thousand() -> None:
    long = Long()
    for number in range(1, 201):
        long.unit(number)
    early = long.cost(201)
    for number in range(202, 20_001):
        long.unit(number)
    late = long.cost(20_001)
    assert late[0] == early[0]
    assert abs(late[1] - early[1]) < 0.01 * early[1]


def test_documents_are_json_for_people() -> None:
    text = render(Folded(added(name="Größe")).documents["task_memory/task_add.json"]).decode()
    assert text.startswith('{\n  "attempts": 0,\n')
    assert '"name": "Größe"' in text
    assert '"schema_version": 1' in text
    assert text.endswith("}\n")
