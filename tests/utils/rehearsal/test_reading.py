import time

import pytest

from tests.utils.rehearsal.worlds import COUNTER_TASK, FAILED, NO_CODE, ROOTS_TASK, TASKS, ask, follow_up, reflect
from utils.completions import Completion, Message
from utils.rehearsal.known import KnownTask
from utils.rehearsal.model import RehearsalModel
from utils.rehearsal.reading import Reader, Situation, TaskIndex, Wish, code_in
from utils.rehearsal.truths import Truths


def read(completion: Completion) -> Situation:
    return Reader(TaskIndex(TASKS), Truths.default().rules).read(completion)


def task(name: str, goal: str) -> KnownTask:
    return KnownTask(id=name, name=name, goal=goal, entry_point=name)


def test_a_first_try_is_understood() -> None:
    assert read(ask(ROOTS_TASK)) == Situation(wish=Wish.CODE, task=ROOTS_TASK, failure="Please:\nThanks.")


def test_a_repair_is_understood() -> None:
    told = read(follow_up(ask(ROOTS_TASK), "Look:\n```py\nx = 1\n```", FAILED))
    assert told == Situation(
        wish=Wish.CODE, task=ROOTS_TASK, turn=1, evidence=True, failure=FAILED, last_code="x = 1\n"
    )


def test_a_reminder_and_a_repair_make_one_turn() -> None:
    reminded = follow_up(ask(ROOTS_TASK), "Hm.", NO_CODE)
    assert read(reminded).turn == 0
    assert read(follow_up(reminded, "```\nx\n```", FAILED)).turn == 1


def test_the_failure_is_told_without_the_goal_the_code_and_the_wish() -> None:
    told = f"```python\nraise KeyError\n```\n{FAILED}\n\nReply with one\nJSON object: lesson (for example IndexError)"
    assert read(reflect(told)).failure.strip() == FAILED


@pytest.mark.parametrize(
    ("completion", "wish"),
    [
        (reflect(), Wish.REFLECTION),
        (reflect("Think.", json_schema={"type": "object"}), Wish.REFLECTION),
        (reflect("Think.", json_schema={"properties": {"lesson": {}, "more": {}}}), Wish.REFLECTION),
        (reflect("Think.", json_schema={"properties": {"tasks": {}}}), Wish.UNKNOWN_JSON),
        (reflect("reply with one\nJSON object with a name"), Wish.UNKNOWN_JSON),
        (reflect("Think."), Wish.CODE),
    ],
)
def test_what_is_wanted_is_told_from_the_schema_or_the_newest_message(completion: Completion, wish: Wish) -> None:
    assert read(completion).wish is wish


def test_the_longest_goal_wins_when_one_holds_the_other() -> None:
    short, long = task("a", "Sort the list."), task("b", "Sort the list. Do it in place.")
    index = TaskIndex([short, long])
    assert index.find("Now:\n Sort  the\tlist. Do it\nin place. Thanks, a.") is long
    assert index.find("Sort the list. Or not.") is short


def test_the_entry_point_decides_between_equal_goals_and_between_separate_ones() -> None:
    twins = [task("first", "Add numbers."), task("second", "Add numbers."), task("other", "A much longer goal here.")]
    index = TaskIndex(twins)
    assert index.find("Add numbers. Name: second()") is twins[1]
    assert index.find("Add numbers. Name: first_second") is twins[0]
    assert index.find("Like: A much longer goal here. Add numbers. Name: second") is twins[1]


@pytest.mark.parametrize("text", ["", "Sort", "sort the list.", "..."])
def test_no_goal_in_the_text_means_no_task(text: str) -> None:
    assert TaskIndex([task("a", "Sort the list."), task("b", "...")]).find(text) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```python\na\n```", "a\n"),
        ("x\n```\na\n```\ny\n```py\nbb\n```\n", "bb\n"),
        ("<think>\n```\nlonger\n```\n</think>\n```\na\n```", "a\n"),
        ("```python\na", "a"),
        ("# note\ndef f():\n    pass\n", "# note\ndef f():\n    pass\n"),
        ("I would define a loop.", ""),
    ],
)
def test_the_code_of_a_reply_is_found(text: str, code: str) -> None:
    assert code_in(text) == code


def test_a_thousand_known_tasks_cost_less_than_two_milliseconds_a_request() -> None:
    goals = [f"Write a function that returns the list of numbers, variant {number}, sorted." for number in range(1000)]
    tasks = [KnownTask(id=str(at), name="", goal=goal, reference=ROOTS_TASK.reference) for at, goal in enumerate(goals)]
    model = RehearsalModel([*tasks, COUNTER_TASK], Truths.default(), 0)
    filler = Message("system", "Look at the numbers of the list first, then write the function. " * 60)
    requests = [Completion(messages=(filler, *ask(known).messages)) for known in tasks[::10]]
    started = time.process_time()
    found = [model.plan(request).situation.task for request in requests]
    assert (time.process_time() - started) / len(requests) < 0.01  # 0.002 is the aim; other work shares the machine
    assert found == tasks[::10]
