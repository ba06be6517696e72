from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from builder.prompting import CODE_CHARS, FOLDER, REVISED_NAMES, Prompts
from memory.attempts import RunFacts, Shown, Verdict
from memory.blueprints import PLAIN, Way
from memory.cases import ProgramCase
from memory.tasks import Check, Constraints, Task
from memory.told import all_of
from tests.builder.scripted import a_failure, failed
from tests.memory.builders import a_task

HOSTILE = "{{ 7 * 7 }} {% for x in y %} {# gone #} {{ config }}"
SECRET = "the_reference_solution"
HIDDEN = "assert add(41, 1) == 42"


@pytest.fixture
def prompts() -> Prompts:
    return Prompts(failure_chars=1000)


def full_task() -> Task:
    return a_task(
        goal="  Add two numbers.\n",
        interface=("flip",),
        starter="def add(a, b):\n",
        examples=("assert add(1, 2) == 3", "assert add(0, 0) == 0"),
        constraints=Constraints(notes=("Do not use sum().", "Be quick.")),
        checks=(Check(name="hidden", code=HIDDEN),),
        reference=f"{SECRET} = 1\ndef add(a, b):\n    return a + b\n",
    )


def crashed(error: str = "", *, stdout: str = "", stderr: str = "") -> Verdict:
    facts = RunFacts(status="exit", exit_code=1, wall_s=1, cpu_s=1, peak_mb=1, stdout=stdout, stderr=stderr)
    return failed(failures=(), error=error, candidate=facts)


def test_rules_and_earlier_attempts_come_last_each_a_line(prompts: Prompts) -> None:
    bare = prompts.solve(a_task())
    rules = [Shown(id="rule-1@1", text="Check the empty list."), Shown(id="rule-2@3", text=HOSTILE)]
    recalled = [Shown(id="unit-7", text='Task "x" (a): failed with KeyError: 1.')]
    assert (
        prompts.solve(a_task(), rules=rules, recalled=recalled)
        == f"""\
{bare}

Rules to keep to:
- Check the empty list.
- {HOSTILE}

From earlier attempts:
- Task "x" (a): failed with KeyError: 1."""
    )
    assert prompts.solve(a_task(), rules=[], recalled=[]) == bare
    assert prompts.size(a_task(), rules=rules, recalled=recalled) > prompts.size(a_task(), rules=[], recalled=[])


def test_the_solve_prompt_says_all_that_there_is_to_say(prompts: Prompts) -> None:
    assert (
        prompts.solve(full_task())
        == """\
Add two numbers.

Continue this code; repeat all of it in your answer, with the body written:

```python
def add(a, b):
```

Your code must define: add, flip.

Keep to this:
- Do not use sum().
- Be quick.

These hold for a right solution:

```python
assert add(1, 2) == 3
assert add(0, 0) == 0
```"""
    )


def test_a_program_is_told_to_read_and_print(prompts: Prompts) -> None:
    task = a_task(checks=(), entry_point=None, program_cases=(ProgramCase(stdin="1", stdout="2"),))
    assert "reads standard input and prints its answer" in prompts.solve(task)
    assert "standard input" not in prompts.solve(a_task())


def test_the_solve_prompt_of_a_bare_task_is_its_goal(prompts: Prompts) -> None:
    assert prompts.solve(a_task(entry_point=None, checks=())) == "Add two numbers."


def test_the_repair_prompt_shows_what_failed(prompts: Prompts) -> None:
    failure = a_failure(arguments="(1, 2)", error="ValueError: no", traceback="line 1\nline 2")
    verdict = failed(failures=(failure,), assertions_passed=2, assertions_total=3)
    assert (
        prompts.repair(all_of(verdict), turn=1, turns=3)
        == """\
Your solution did not pass: 2 of 3 assertions hold. This is try 2 of 3.

Failed check "small": assert add(1, 2) == 3
  call: add(1, 2)
  arguments: (1, 2)
  expected: 3
  actual: -1
  error: ValueError: no
  traceback:
line 1
line 2

Find the cause, then answer with the whole corrected solution in one fenced code block."""
    )


def test_the_repair_prompt_of_a_crash_shows_its_error_and_its_output(prompts: Prompts) -> None:
    verdict = crashed("NameError: name 'x' is not defined", stdout="hello\n", stderr="oh\n")
    assert (
        prompts.repair(all_of(verdict), turn=1, turns=2)
        == """\
Your solution did not pass: 0 of 1 assertions hold. This is try 2 of 2.

NameError: name 'x' is not defined

It printed:
hello
oh

Find the cause, then answer with the whole corrected solution in one fenced code block."""
    )


def test_the_repair_prompt_of_a_failure_without_words_stays_whole(prompts: Prompts) -> None:
    told = prompts.repair(all_of(crashed()), turn=1, turns=2).splitlines()
    assert (len(told), told[0][:26]) == (3, "Your solution did not pass")


def test_only_the_first_failures_are_shown(prompts: Prompts) -> None:
    verdict = failed(failures=tuple(a_failure(check=f"check {number}") for number in range(20)))
    shown = [number for number in range(20) if f"check {number}" in prompts.failure(all_of(verdict))]
    assert shown == [0, 1, 2]


def test_a_reply_without_code_is_asked_for_again(prompts: Prompts) -> None:
    assert prompts.no_code("it holds no Python code", turn=1, turns=3) == (
        "Your reply held no code that could be used: it holds no Python code. This is try 2 of 3.\n"
        "Answer with the whole solution in one fenced Python code block and nothing else."
    )


def test_the_reflection_prompt_leaves_out_what_there_is_not(prompts: Prompts) -> None:
    bare = prompts.reflect(a_task(), outcome="all checks passed", tries=1, code="", failure="")
    assert bare.startswith(
        "You worked on this task:\n\nAdd two numbers.\n\nThe outcome: all checks passed after 1 try.\n\nLook back"
    )
    full = prompts.reflect(full_task(), outcome="no", tries=2, code="x = 1", failure="wrong")
    assert "\n\ndef add(a, b):\n\nThe outcome: no after 2 tries.\n\nYour last code:\n\n```python\nx = 1\n```\n" in full
    assert "\n\nWhat went wrong:\n\nwrong\n\nLook back" in full


def test_no_prompt_shows_the_reference_and_only_a_failure_shows_a_check(prompts: Prompts) -> None:
    task = full_task()
    solve = prompts.solve(task)
    others = [
        prompts.system(),
        prompts.repair(all_of(failed()), turn=1, turns=2),
        prompts.reflect(task, outcome="no", tries=1, code="x = 1", failure=prompts.failure(all_of(failed()))),
        prompts.no_code("nothing", turn=1, turns=2),
    ]
    assert not [prompt for prompt in [solve, *others] if SECRET in prompt or HIDDEN in prompt]
    assert all(example in solve for example in task.examples)


def test_templates_inside_of_values_are_text(prompts: Prompts) -> None:
    task = a_task(goal=HOSTILE, starter=f"# {HOSTILE}", examples=(HOSTILE,), constraints=Constraints(notes=(HOSTILE,)))
    assert prompts.solve(task).count(HOSTILE) == 4
    assert HOSTILE in prompts.repair(all_of(crashed(HOSTILE)), turn=1, turns=2)
    assert HOSTILE in prompts.no_code(HOSTILE, turn=1, turns=2)
    assert prompts.reflect(task, outcome=HOSTILE, tries=1, code=HOSTILE, failure=HOSTILE).count(HOSTILE) == 5


TEXTS = st.one_of(
    st.text(max_size=50), st.builds(str.__mul__, st.sampled_from(["x", "\n", "ä ", "{{"]), st.integers(0, 9000))
)
ASSERTIONS = st.builds(
    a_failure, check=TEXTS, source=TEXTS, call=TEXTS, arguments=TEXTS, expected=TEXTS, actual=TEXTS, error=TEXTS,
    traceback=TEXTS,
)  # fmt: skip


@given(st.integers(200, 5000), st.lists(ASSERTIONS, max_size=5), TEXTS, TEXTS)
def test_a_failure_takes_no_more_room_than_allowed(room: int, failures: list[object], error: str, output: str) -> None:
    facts = RunFacts(status="exit", exit_code=1, wall_s=1, cpu_s=1, peak_mb=1, stdout=output, stderr=output)
    verdict = failed(failures=tuple(failures), error=error, candidate=facts)
    assert len(Prompts(failure_chars=room).failure(all_of(verdict))) <= room


def test_a_long_failure_shows_something_of_each_part() -> None:
    long = {name: name * 3000 for name in ("source", "arguments", "expected", "actual", "error", "traceback")}
    verdict = failed(failures=(a_failure(**long),) * 3, error="why" * 3000)
    told = Prompts(failure_chars=4000).failure(all_of(verdict))
    assert [told.count(f"  {name}: {name}") for name in ("arguments", "expected", "actual", "error")] == [3, 3, 3, 3]


def test_the_reflection_prompt_is_bounded(prompts: Prompts) -> None:
    task = a_task(goal="g" * 20_000, starter="s" * 100_000)
    text = prompts.reflect(task, outcome="no", tries=1, code="c" * 100_000, failure="f" * 100_000)
    assert len(text) < 2 * CODE_CHARS + 1000 + 1000


def test_a_slot_that_is_not_filled_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "system.jinja").write_text("Hello {{ who }}", encoding="utf-8")
    with pytest.raises(UndefinedError, match="'who' is undefined"):
        Prompts(failure_chars=1000, folder=tmp_path).system()


def test_the_digests_cover_every_prompt_file(tmp_path: Path) -> None:
    folder = FOLDER
    assert sorted(REVISED_NAMES) == sorted(path.stem for path in folder.iterdir())
    for name in REVISED_NAMES:
        (tmp_path / f"{name}.jinja").write_bytes((folder / f"{name}.jinja").read_bytes())
    copied = Prompts(failure_chars=1000, folder=tmp_path)
    before, revised = copied.digest, copied.revised_digest
    assert before == Prompts(failure_chars=200).digest != revised
    (tmp_path / "way.jinja").write_text("changed", encoding="utf-8")
    assert (copied.digest, copied.revised_digest == revised) == (before, False)
    (tmp_path / "failure.jinja").write_text("changed", encoding="utf-8")
    assert copied.digest != before


def test_a_way_of_working_stands_between_the_task_and_what_was_learned(prompts: Prompts) -> None:
    rules, recalled = [Shown(id="rule-1@1", text="Check the empty list.")], [Shown(id="unit-7", text="Task x.")]
    way = Way(guidance=("Name the special cases.", HOSTILE), plan_first=True)
    bare, plain = prompts.solve(a_task()), prompts.solve(a_task(), rules=rules, recalled=recalled)
    worded = prompts.solve(a_task(), rules=rules, recalled=recalled, way=way)
    words = worded.removeprefix(bare).removesuffix(plain.removeprefix(bare))
    assert words.startswith("\n\nPlan first: before the code, ")
    assert words.endswith(f"\n\nHow to go about it:\n- Name the special cases.\n- {HOSTILE}")
    assert prompts.solve(a_task(), way=Way(guidance=("One.",))) == f"{bare}\n\nHow to go about it:\n- One."
    assert prompts.solve(full_task(), rules=rules, way=Way(temperature=1, max_repairs=1)) == prompts.solve(
        full_task(), rules=rules
    )


def test_the_words_of_a_way_need_room_too(prompts: Prompts) -> None:
    fits = prompts.fits(context_tokens=prompts.size(a_task(), rules=[], recalled=[]) + 100, reply_tokens=100)
    assert fits(a_task(), [], [], PLAIN)
    assert not fits(a_task(), [], [], Way(plan_first=True))
