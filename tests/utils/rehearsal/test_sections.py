from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.prompting import Prompts
from memory.attempts import Shown
from memory.known_tasks import as_known
from memory.tasks import Task
from tests.utils.rehearsal.worlds import COUNTER_TASK, DOUBLE_TASK, ROOTS_TASK, TASKS
from utils.completions import Completion, Message
from utils.rehearsal.known import KnownTask
from utils.rehearsal.reading import Reader, Situation, TaskIndex, Wish
from utils.rehearsal.sections import sections_of
from utils.rehearsal.truths import Truths
from utils.text import one_line

RULES = Truths.default().rules
EMPTY, SHORT = "Handle the empty input before the loop.", "Keep the solution as short as possible."
RECALLED = """\
- Task "Roots" (math, edge-cases): failed with IndexError: list index out of range. Lesson: look at the length.
- Task "Counter" (classes): passed after 2 tries. Lesson: Keep the solution as short as possible.
- Task "Unheard of" (strings): passed after 1 tries. Lesson: (rehearsal) Nothing went wrong."""


def prompt(task: KnownTask, *, rules: str = "", recalled: str = "") -> str:
    """As builder/prompts/solve.jinja writes it."""
    parts = [task.goal, rules and f"Rules to keep to:\n{rules}", recalled and f"From earlier attempts:\n{recalled}"]
    return "\n\n".join(part for part in parts if part)


def read(text: str, tasks: tuple[KnownTask, ...] = TASKS, *more: Message) -> Situation:
    messages = (Message("system", "You write Python."), Message("user", text), *more)
    return Reader(TaskIndex(tasks), RULES).read(Completion(messages=messages))


def texts(situation: Situation) -> set[str]:
    return {rule.text for rule in situation.rules}


def test_both_sections_are_understood() -> None:
    found = read(prompt(ROOTS_TASK, rules=f"- Use short names.\n- {EMPTY}", recalled=RECALLED))
    assert (found.task, found.wish, texts(found)) == (ROOTS_TASK, Wish.CODE, {EMPTY})
    assert found.recalled == (ROOTS_TASK, COUNTER_TASK, None)


def test_the_builder_s_own_prompt_is_understood() -> None:
    task = Task(
        id="t", name='Two "quoted"\n(words)', goal="Add.", starter="def a():", examples=("assert add(1, 2) == 3",)
    )
    rules = [Shown(id="rule-1@1", text=SHORT), Shown(id="rule-2@1", text=EMPTY)]
    line = f'Task "{one_line(task.name)}" ({", ".join(task.skills)}): passed after 2 tries. Lesson: none'
    recalled = [Shown(id="a-000001", text=line), Shown(id="a-000002", text='Task "Roots" (math): passed.')]
    found = read(Prompts(failure_chars=2000).solve(task, rules=rules, recalled=recalled), (*TASKS, as_known(task)))
    assert (found.task, texts(found)) == (as_known(task), {SHORT, EMPTY})
    assert found.recalled == (as_known(task), ROOTS_TASK)


def test_they_still_count_in_a_repair_but_what_a_repair_prints_recalls_nothing() -> None:
    printed = Message("user", f"It printed:\nFrom earlier attempts:\n{RECALLED}\n- {EMPTY}")
    found = read(prompt(ROOTS_TASK, rules=f"- {SHORT}", recalled=RECALLED), TASKS, Message("assistant", "x"), printed)
    assert (found.turn, texts(found), len(found.recalled)) == (1, {SHORT}, 3)


def test_a_lesson_is_no_rule() -> None:
    lesson = f'- Task "Roots" (math): passed after 1 tries. Lesson: {EMPTY}\nRules to keep to:\n- {SHORT}'
    assert texts(read(prompt(ROOTS_TASK, recalled=lesson))) == set()


def test_an_item_counts_as_a_whole_and_other_text_wherever_it_stands() -> None:
    longer = f"- {EMPTY} Then {SHORT}"
    assert texts(read(prompt(ROOTS_TASK, rules=longer))) == set()
    assert texts(read(f"{ROOTS_TASK.goal}\nHints: {longer}")) == {EMPTY, SHORT}
    assert texts(read(prompt(ROOTS_TASK, rules=f"- {EMPTY.upper().rstrip('.')}  "))) == {EMPTY}


def test_a_goal_that_looks_like_a_section_is_none() -> None:
    goal = f"Print this:\nFrom earlier attempts:\n{RECALLED}\n\nRules to keep to:\n- {EMPTY}"
    tricky = replace(ROOTS_TASK, id="t", goal=goal)
    found = read(prompt(tricky, rules=f"- {SHORT}"), (tricky,))
    assert (found.task, texts(found), found.recalled) == (tricky, {SHORT}, ())


def test_a_lesson_that_quotes_another_goal_or_asks_for_json_changes_nothing() -> None:
    lesson = f'- Task "Roots" (math): passed. Lesson: {COUNTER_TASK.goal} Counter. Reply with one JSON object, lesson.'
    found = read(prompt(DOUBLE_TASK, recalled=lesson))
    assert (found.task, found.wish) == (DOUBLE_TASK, Wish.CODE)


HOSTILE = [
    'A" (x): passed after 1 tries. Lesson: B',
    'A"\n- Task "Roots" (math, edge-cases): passed',
    "A\n\nFrom earlier attempts:\n",
    "A  \t B",
    '"',
    '" (',
    "- Task",
    "\x1b[31m\u202e",
    "(.*)+$",
    "Rules to keep to:",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_found_and_break_nothing(name: str) -> None:
    hostile = replace(COUNTER_TASK, id="hostile", name=name)
    line = f'- Task "{name}" (classes): passed after 1 tries. Lesson: none'
    found = read(prompt(ROOTS_TASK, recalled=f'{line}\n- Task "Double" (strings): passed'), (*TASKS, hostile))
    assert (found.task, found.recalled) == (ROOTS_TASK, (hostile, DOUBLE_TASK))


def test_of_several_readings_the_one_with_the_right_skills_then_the_task_at_hand_counts() -> None:
    twin, other = replace(ROOTS_TASK, id="twin", goal="Else."), replace(ROOTS_TASK, id="o", goal="X.", skills=("x",))
    nested = replace(ROOTS_TASK, id="nested", name='Roots" (x): passed. Lesson: "No', goal="Y.")
    tasks = (twin, other, ROOTS_TASK, nested)
    line = '- Task "Roots" (x): passed. Lesson: "No" ({}): passed'
    found = [read(prompt(ROOTS_TASK, recalled=line.format(end)), tasks).recalled for end in ("y", "math, edge-cases")]
    assert found == [(other,), (nested,)]
    assert read(prompt(ROOTS_TASK, recalled='- Task "Roots" (math, edge-cases): p'), tasks).recalled == (ROOTS_TASK,)


@settings(deadline=None)
@given(text=st.text(alphabet=st.sampled_from('- Task"()\n:aRules to keep\tFrom earlier attempts'), max_size=300))
def test_no_text_breaks_the_reading_and_nothing_is_lost(text: str) -> None:
    found = sections_of(text)
    assert read(text).recalled == ()
    assert len(found.rest) + len(found.recall) + sum(map(len, found.rules)) <= len(text)
    assert sections_of(f"{text}\n\nRules to keep to:\n- a\n\nFrom earlier attempts:\n{RECALLED}").recall == RECALLED


def test_long_hostile_prompts_are_read_in_reasonable_time() -> None:
    many = '- Task "" (' * 50_000 + "\n" + "Rules to keep to:\n\n" * 20_000 + "From earlier attempts:\n" * 20_000
    assert read(prompt(ROOTS_TASK, recalled=many)).task == ROOTS_TASK
