"""The Trainer asks the model for a task, and logs what came of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from executor.process_sandbox import ProcessSandbox
from executor.sandbox import Sandbox
from memory.attempts import Sampling
from memory.events import Happening, TaskAdded
from memory.state import MemoryState
from memory.task_proposals import FLAWS, ChecksProposed, TaskProposed
from memory.tasks import Task
from tests.memory.builders import added
from tests.memory.test_state import Told
from tests.memory.test_task_proposals import proposed
from tests.trainer.proposals import CHECKS, GOAL, REFERENCE
from trainer.generate_task import Request, TaskGenerator, is_due, wanted_of, without_checks
from utils.completions import Completion, Reply, Usage
from utils.errors import ContextOverflow, Fault, ModelFault

GOOD = json.dumps({
    "name": "Runs of equal items", "goal": GOAL, "entry_point": "runs", "reference": REFERENCE,
    "checks": list(CHECKS), "skills": ["lists"], "difficulty": 0.3,
})  # fmt: skip
REQUEST = Request(number=1, seed=7, sampling=Sampling())


@dataclass
class Says:
    """A model that says one thing, or is away."""

    text: str = ""
    fault: Fault | None = None
    asked: list[Completion] = field(default_factory=list)
    name: str = "says"

    def complete(self, completion: Completion) -> Reply:
        self.asked.append(completion)
        if self.fault is not None:
            raise self.fault
        return Reply(text=self.text, usage=Usage(prompt_tokens=100, completion_tokens=20), model=self.name, wall_s=0.0)


@pytest.fixture(scope="module")
def place() -> Iterator[Sandbox]:
    sandbox = ProcessSandbox()
    yield sandbox
    sandbox.close()


def known() -> Told:
    return Told(added("sorting", skills=("lists",)))


def made(place: Sandbox, state: MemoryState, model: Says) -> list[Happening]:
    return TaskGenerator(place).generate(state, model, REQUEST)


def test_a_trusted_task_is_added_and_the_same_is_not_tried_again(place: Sandbox) -> None:
    told, model = known(), Says(GOOD)
    first, task = made(place, told.state, model)
    assert isinstance(first, TaskProposed)
    assert isinstance(task, TaskAdded)
    assert (first.flaw, first.task_id, first.prompt_tokens, first.completion_tokens) == (None, task.task.id, 100, 20)
    assert (task.by, task.task.origin, task.task.skills[0]) == ("trainer", "generated", first.skill)
    told.tell(first, task)
    place_that_is_gone = ProcessSandbox()
    place_that_is_gone.close()
    (again,) = made(place_that_is_gone, told.state, model)
    assert isinstance(again, TaskProposed)
    assert (again.flaw, again.digest, again.why) == ("proposed before", first.digest, FLAWS["proposed before"])


def test_a_refused_one_leaves_its_reason_and_no_task(place: Sandbox) -> None:
    (refused,) = made(place, known().state, Says(GOOD.replace("[2, 1]", "[2, 2]", 1)))
    assert isinstance(refused, TaskProposed)
    assert (refused.flaw, refused.task_id, refused.name) == ("wrong reference", None, "Runs of equal items")
    assert "should give [2, 2]" in refused.why


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (Says("I cannot think of one."), "the reply holds no JSON object with a goal and checks"),
        (Says(fault=ContextOverflow("9000 tokens")), "the model's context is too small for the request: 9000 tokens"),
    ],
)
def test_a_reply_that_is_no_use_is_an_outcome(place: Sandbox, model: Says, why: str) -> None:
    (refused,) = made(place, known().state, model)
    assert isinstance(refused, TaskProposed)
    assert (refused.flaw, refused.why) == ("unreadable", why)


def test_a_model_that_is_away_is_a_fault_and_leaves_nothing(place: Sandbox) -> None:
    with pytest.raises(ModelFault):
        made(place, known().state, Says(fault=ModelFault("connection refused")))


def test_the_request_is_the_same_for_the_same_memory_and_seed_and_asks_for_json(place: Sandbox) -> None:
    model = Says("no")
    made(place, known().state, model)
    made(place, known().state, model)
    first, second = model.asked
    assert first == second
    assert first.json_schema is not None
    assert "- sorting" in first.messages[-1].content or "- add" in first.messages[-1].content


def test_every_skill_gets_its_turn_and_the_weak_one_comes_first() -> None:
    told = Told(added("sorting", skills=("lists",)))
    for number in range(1, 4):
        told.unit(number, "failed")  # of the skill arithmetic
    asked = []
    for number in range(1, 6):
        asked.append(wanted_of(told.state).skill)
        told.tell(proposed(number, skill=asked[-1], flaw="trivial", name="Old"))
    assert asked[0] == "arithmetic"
    assert set(asked) == {"arithmetic", "lists"}
    assert wanted_of(told.state).refused[-1] == f"Old: {FLAWS['trivial']}"


def test_one_is_due_after_so_many_units_and_never_where_none_are_wanted() -> None:
    told = known()
    assert not is_due(told.state, every=2)
    told.unit(1)
    told.unit(2)
    assert is_due(told.state, every=2)
    assert not is_due(told.state, every=0)
    told.tell(proposed(1))
    assert not is_due(told.state, every=2)


def test_checks_of_a_persons_task_are_a_draft_and_change_nothing_yet(place: Sandbox) -> None:
    wish = Task(id="task_1", name="Runs", goal=GOAL, origin="user", priority=2, skills=("lists",))
    told = Told(TaskAdded(task=wish, by="cli"))
    assert without_checks(told.state) == wish
    bare = {key: value for key, value in json.loads(GOOD).items() if key in ("entry_point", "reference", "checks")}
    first, draft = TaskGenerator(place).generate_checks(wish, Says(json.dumps(bare)), REQUEST)
    assert isinstance(first, TaskProposed)
    assert isinstance(draft, ChecksProposed)
    assert (first.flaw, first.for_task, draft.task.priority, draft.task.graded) == (None, "task_1", 2, True)
    told.tell(first, draft)
    assert not told.state.tasks["task_1"].task.graded
    assert without_checks(told.state) is None
    told.tell(TaskAdded(task=draft.task, by="cli"))
    assert told.state.tasks["task_1"].task.graded
    assert told.state.proposals.drafts == {}


def test_checks_that_cannot_be_had_are_asked_for_three_times_and_again_once_the_task_has_changed(
    place: Sandbox,
) -> None:
    wish = Task(id="task_1", name="Runs", goal=GOAL, origin="user", entry_point="other")
    told = Told(TaskAdded(task=wish, by="cli"))
    for number in range(1, 4):
        assert without_checks(told.state) == wish
        request = Request(number=number, seed=7, sampling=Sampling())
        (refused,) = TaskGenerator(place).generate_checks(wish, Says(GOOD), request)
        assert isinstance(refused, TaskProposed)
        assert refused.why == "its function is not called other"
        told.tell(refused)
    assert without_checks(told.state) is None
    changed = wish.model_copy(update={"goal": GOAL + "More."})
    told.tell(TaskAdded(task=changed, by="cli"))
    assert without_checks(told.state) == changed
