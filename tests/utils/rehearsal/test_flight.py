import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from builder.extract import extract_code
from builder.prompting import Prompts
from memory.known_tasks import as_known
from memory.task_sources import built_in_curriculum
from memory.tasks import Task
from tests.utils.rehearsal.worlds import (
    COUNTER_TASK,
    DOUBLE_TASK,
    FAILED,
    OPEN_TASK,
    ROOTS_TASK,
    TASKS,
    ask,
    follow_up,
    reflect,
    with_ability,
)
from utils.completions import Completion, Message, Model
from utils.rehearsal.flight import FAILED_MARKER, PASSED_MARKER, FlightModel, intended
from utils.rehearsal.known import KnownTask
from utils.rehearsal.model import RehearsalModel
from utils.rehearsal.reading import code_in
from utils.rehearsal.tables import Drift
from utils.rehearsal.truths import Truths

DEFAULT = Truths.default()
DRIFTING = DEFAULT.model_copy(update={"drift": Drift(bound=1.5, skills={"math": 0.5, "strings": -0.5})})
CURRICULUM = built_in_curriculum()


def code(text: str, task: KnownTask) -> str:
    found = extract_code(text, () if task.entry_point is None else (task.entry_point,), task.starter)
    assert not found.problem
    return found.code


def passes(model: Model, completion: Completion, task: KnownTask) -> bool:
    return intended(code(model.complete(completion).text, task))


def test_it_says_in_its_name_and_in_its_replies_that_it_is_simulated() -> None:
    model: Model = FlightModel(TASKS, DEFAULT, 0)
    reply = model.complete(ask(ROOTS_TASK))
    assert model.name == reply.model == "flight (simulated)"
    assert "simulated" in reply.text
    assert reply.usage.completion_tokens < 60


@pytest.mark.parametrize("task", CURRICULUM, ids=lambda task: task.id)
def test_its_program_is_taken_for_the_solution_of_every_task_of_the_curriculum(task: Task) -> None:
    prompt = Completion(messages=(Message("user", Prompts(failure_chars=2000).solve(task)),))
    for odds, right in ((60.0, True), (-60.0, False)):
        text = FlightModel([as_known(task)], with_ability(odds), 0).complete(prompt).text
        found = extract_code(text, task.callable_names, task.starter)
        assert (found.problem, intended(found.code)) == ("", right)


RULES = "Rules to keep to:\n- Handle the empty input before the loop.\n- Keep the solution as short as possible."
RECALL = 'From earlier attempts:\n- Task "Roots" (math, edge-cases): passed after 2 tries. Lesson: none'
EMPTY, SHORT = (rule for rule in DEFAULT.rules if rule.text.startswith(("Handle the empty", "Keep the solution")))


def requests(task: KnownTask, learned: str, unit: str) -> Iterator[Completion]:
    messages = (Message("user", f"{task.goal}\n\n{learned}".strip()),)
    return (Completion(messages=messages, seed=seed, unit=unit) for seed in range(2000))


@pytest.mark.parametrize(
    ("task", "learned", "unit", "odds"),
    [
        (ROOTS_TASK, "", "", DRIFTING.pass_probability(ROOTS_TASK)),
        (ROOTS_TASK, RULES, "", DRIFTING.pass_probability(ROOTS_TASK, rules=[EMPTY, SHORT])),
        (ROOTS_TASK, RECALL, "", DRIFTING.pass_probability(ROOTS_TASK, recalled=[ROOTS_TASK])),
        (DOUBLE_TASK, RECALL, "", DRIFTING.pass_probability(DOUBLE_TASK, recalled=[ROOTS_TASK])),
        (DOUBLE_TASK, "", "ab12cd34-000200", DRIFTING.pass_probability(DOUBLE_TASK, unit=200)),
        (
            ROOTS_TASK,
            f"{RULES}\n\n{RECALL}",
            "ab12cd34-000150",
            DRIFTING.pass_probability(ROOTS_TASK, rules=[EMPTY, SHORT], recalled=[ROOTS_TASK], unit=150),
        ),
        (OPEN_TASK, "", "ab12cd34-000150", DRIFTING.pass_probability(OPEN_TASK)),
    ],
)
def test_it_passes_exactly_as_often_as_the_truths_say(task: KnownTask, learned: str, unit: str, odds: float) -> None:
    model = FlightModel(TASKS, DRIFTING, 7)
    passed = sum(passes(model, request, task) for request in requests(task, learned, unit))
    assert abs(passed - 2000 * odds) <= 5 * math.sqrt(2000 * odds * (1 - odds))


def test_repairs_pass_as_often_as_the_truths_say() -> None:
    model, odds = FlightModel(TASKS, DEFAULT, 7), DEFAULT.pass_probability(ROOTS_TASK, 1, evidence=True)
    asked = [follow_up(ask(ROOTS_TASK, seed), "```\nx\n```", FAILED) for seed in range(2000)]
    passed = sum(passes(model, request, ROOTS_TASK) for request in asked)
    assert abs(passed - 2000 * odds) <= 5 * math.sqrt(2000 * odds * (1 - odds))


def test_it_intends_what_the_rehearsal_model_of_the_same_seed_intends() -> None:
    flight, rehearsal = FlightModel(TASKS, DRIFTING, 3), RehearsalModel(TASKS, DRIFTING, 3)
    asked = [replace(ask(task, seed), unit=f"a-{seed}") for task in TASKS[:3] for seed in range(100)]
    asked += [follow_up(each, "```\nx\n```", FAILED) for each in asked]
    plans = [rehearsal.plan(each) for each in asked]
    found = [passes(flight, each, plan.situation.task or OPEN_TASK) for each, plan in zip(asked, plans, strict=True)]
    assert found == [plan.right for plan in plans]


def test_its_reflections_are_the_rehearsal_model_s() -> None:
    flight, rehearsal = FlightModel(TASKS, DEFAULT, 3), RehearsalModel(TASKS, DEFAULT, 3)
    asked = [reflect(seed=seed) for seed in range(50)]
    assert [flight.complete(each).text for each in asked] == [rehearsal.complete(each).text for each in asked]


def test_what_it_does_not_know_is_declined_and_no_other_json_is_written() -> None:
    model = FlightModel(TASKS, with_ability(60.0), 0)
    schema = {"type": "object", "properties": {"tasks": {"type": "array"}}}
    unknown = model.complete(Completion(messages=(Message("user", "Write a compiler."),))).text
    declined = model.complete(reflect(json_schema=schema)).text
    assert (code_in(unknown), code_in(declined)) == ("", "")
    assert "simulated" in unknown
    assert "simulated" in declined


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        (PASSED_MARKER, True),
        (f"import x\n\n{PASSED_MARKER}  \ndef f(): ...\n", True),
        (FAILED_MARKER, False),
        (f"{PASSED_MARKER}\n{FAILED_MARKER}", False),
        (f"{PASSED_MARKER}\n{PASSED_MARKER}", False),
        (f"    {PASSED_MARKER}", False),
        (f"x = 1; {PASSED_MARKER}", False),
        ("def f(): return 1", False),
        ("", False),
    ],
)
def test_only_a_program_with_one_marker_is_intended_to_pass(text: str, *, passed: bool) -> None:
    assert intended(text) is passed


def test_the_same_request_gets_the_same_reply_on_any_thread() -> None:
    model, asked = FlightModel(TASKS, DEFAULT, 0), [ask(COUNTER_TASK, seed) for seed in range(100)]
    with ThreadPoolExecutor(4) as pool:
        assert [reply.text for reply in pool.map(model.complete, asked)] == [
            FlightModel(TASKS, DEFAULT, 0).complete(each).text for each in asked
        ]


def test_a_reply_with_many_rules_and_tasks_takes_about_a_millisecond() -> None:
    known = [as_known(task) for task in CURRICULUM]
    model, prompt = FlightModel(known, DEFAULT, 0), Prompts(failure_chars=2000)
    asked = [
        Completion(messages=(Message("user", f"{prompt.solve(task)}\n\n{RULES}\n\n{RECALL}"),)) for task in CURRICULUM
    ]
    started = time.process_time()
    for each in asked:
        model.complete(each)
    assert (time.process_time() - started) / len(asked) < 0.01  # 0.001 is the aim; other work shares the machine
