"""Whole runs in which every check that decides unseen carries marks: no prompt holds one, whatever a solution does."""

import json
import re
from typing import Any

import pytest

from executor.choose_sandbox import choose_sandbox
from memory.shown_checks import shown_task, split
from memory.tasks import Task
from tests.whole_run import WholeRun, run
from trainer.blueprint_revision import revision_prompt
from utils.completions import Completion
from utils.errors import InputError

TRIES = 3
MARK = re.compile(r"canary\d+")
TELLTALE = '''```python
import os, sys, logging

FILES = NAMES

def tell(*values):
    """Says all that it was ever handed, in every way there is."""
    text = repr(values) + repr(sys.argv) + repr(sorted(os.environ.items()))
    for name in FILES:
        try:
            with open(name, "a+") as kept:
                kept.write(text)
                kept.seek(0)
                text += kept.read()[-3000:]
        except OSError:
            pass
    frame = sys._getframe(1)
    while frame is not None:
        text += repr(list(frame.f_locals.values()))[:3000] + repr(frame.f_globals.get("__file__"))
        frame = frame.f_back
    print(text[:3000])
    print(text[:3000], file=sys.stderr)
    logging.warning(text[:3000])
    return text[:6000]

def f(*args, **kwargs):
    said = tell(args, kwargs)
    f.__doc__ = said
    word = "".join(letter for letter in repr(args) if letter.isalnum())[:40] or "x"
    kind = type("Told" + word, (Exception,), {})
    if len(said) % 3 == 0:
        raise kind(said)
    if len(said) % 3 == 1:
        raise KeyError(said)
    return said

def reset(*args):
    return tell(args)
```'''
PROGRAM = """```python
import sys
text = sys.stdin.read()
print(text * 2)
print(text, file=sys.stderr)
if len(text) % 2:
    raise KeyError(text)
```"""


def checks(*codes: str) -> list[dict[str, str]]:
    return [{"name": code[:200], "code": code} for code in codes]


def a_row(task_id: str, **fields: Any) -> dict[str, Any]:
    """A task with the entry point f, of a skill of its own."""
    return {"id": task_id, "name": task_id, "goal": f"Write f for {task_id}.", "entry_point": "f", **fields}


FUNCTION = "def check(candidate):\n" + "".join(
    f"    assert candidate('canary{number}a') == 'canary{number}b', 'canary{number}c'\n" for number in range(100, 106)
)
MARKED = [
    a_row("function", checks=checks(f"{FUNCTION}\ncheck(f)\n")),
    a_row(
        "list",
        goal="Write f, as in f('canary200') == 'one'.",
        checks=checks(*(f"assert f('canary{number}') == ['canary{number}b']" for number in range(200, 206))),
    ),
    a_row("short", checks=checks("assert f('canary300') == 'canary301'", "assert f(['canary302']) == {'canary303'}")),
    a_row("cases", cases=[f"f('canary{number}') == 'canary{number}b'" for number in range(400, 406)]),
    a_row(
        "snippets",
        interface=["reset"],
        checks=checks(
            *(
                f"reset()\nkept = f('canary{number}')\nassert kept == 'canary{number}b'\nassert f(kept) == 1"
                for number in range(500, 506)
            )
        ),
    ),
    a_row("loops", checks=checks("for x in ('canary600', 'canary601'):\n    assert f(x) == x[::-1]")),
    a_row(
        "drawn",
        checks=checks("assert f(1) == 1", "assert f(2) == 2"),
        generator="def inputs(rng):\n    while True:\n        yield (f'canary{rng.randint(700, 799)}',)",
        reference="def f(x):\n    return x",
    ),
    a_row(
        "table",
        setup="WANTED = {1: 'canary800', 2: 'canary801'}",
        checks=checks("assert f(1) == WANTED[1]", "assert f(2) == WANTED[2]", "assert f(3) == 3", "assert f(4) == 4"),
    ),
    {
        "id": "program",
        "name": "program",
        "goal": "Print twice what is read.",
        "program_cases": [{"stdin": f"canary{n}\n", "stdout": f"canary{n}b\n"} for n in range(900, 906)],
    },
]
"""One task for each shape; what decides holds nothing but marks."""


def marks_of_what_decides(task: Task) -> set[str]:
    """The marks that stand in a task's checks, but for those that may be shown."""
    everything = set(MARK.findall(task.model_dump_json()))
    told = shown_task(task)
    known = "" if told is None else told.model_dump_json(exclude={"reference"})
    drawn = {f"canary{number}" for number in range(700, 800)} if task.generator else set[str]()
    return (everything | drawn) - set(MARK.findall(known))


def telltale(completion: Completion) -> str:
    """Solutions that say all that they are handed; reflections and tasks that repeat the question."""
    asked = completion.messages[-1].content
    if completion.json_schema is None:
        return PROGRAM if "whole program" in completion.messages[1].content else TELLTALE
    return json.dumps({
        "error_class": "told", "lesson": asked[-400:], "rule": f"Remember {asked[-200:]}",
        "title": "Otherwise", "why": "It helps.", "guidance": [asked[-100:]], "plan_first": True,
    })  # fmt: skip


def best_here() -> str:
    """bubblewrap, or a plain process where it cannot be had."""
    try:
        choose_sandbox("bubblewrap", trusted_code_only=True).close()
    except InputError:
        return "process"
    return "bubblewrap"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    sandbox = best_here()
    folder = tmp_path_factory.mktemp("marked")
    (folder / "tasks.json").write_text(json.dumps(MARKED), encoding="utf-8")
    # a plain process keeps what is written to /tmp, which is why it is called unsafe
    files = '"seen.txt", "/tmp/seen.txt"' if sandbox == "bubblewrap" else '"seen.txt",'
    return run(
        lambda asked: telltale(asked).replace("NAMES", files),
        folder / "tasks.json",
        folder / "m",
        sandbox=sandbox,
        cycles=TRIES * len(MARKED),
        propose_every=7,
    )


def test_no_prompt_of_a_whole_run_holds_a_mark_of_what_decides_unseen(night: WholeRun) -> None:
    found = set(MARK.findall(night.prompts))
    hidden = set[str]().union(*(marks_of_what_decides(task) for task in night.tasks.values()))
    assert len(hidden) > 100
    assert len(night.finished) == TRIES * len(MARKED)
    assert found & hidden == set()


def test_what_may_be_shown_is(night: WholeRun) -> None:
    found = set(MARK.findall(night.prompts))
    for task in night.tasks.values():
        shown = shown_task(task)
        if shown is not None and MARK.search(shown.model_dump_json(exclude={"reference", "goal"})):
            assert found & set(MARK.findall(shown.model_dump_json())), task.id


def test_the_run_asked_for_solutions_repairs_reflections_and_tasks(night: WholeRun) -> None:
    openings = {request.messages[-1].content.split("\n")[0][:30] for request in night.asked}
    assert openings >= {"Your solution did not pass: 0 ", "You worked on this task:", "Propose one new programming ta"}
    assert "From earlier attempts:" in night.prompts
    assert "Rules to keep to:" in night.prompts


def test_what_a_changed_way_of_working_is_proposed_from_holds_no_mark(night: WholeRun) -> None:
    base = night.state.blueprints.used_for("")
    assert base is not None
    asked = revision_prompt(night.state, "", base, night.settings)
    hidden = set[str]().union(*(marks_of_what_decides(task) for task in night.tasks.values()))
    assert "hidden checks failed" in asked
    assert not hidden & set(MARK.findall(asked))


def test_every_attempt_failed_for_the_telltale_solves_nothing(night: WholeRun) -> None:
    assert set(night.outcomes.values()) == {"failed"}
    assert all(split(task).unseen for task in night.tasks.values())


def test_what_logs_tell_to_later_prompts_holds_no_mark_and_what_they_tell_people_does(night: WholeRun) -> None:
    hidden = set[str]().union(*(marks_of_what_decides(task) for task in night.tasks.values()))
    errors = [error for each in night.finished for error in each.belog.errors_encountered]
    lessons = [each.result.reflection for each in night.finished]
    assert not hidden & set(MARK.findall(f"{[(each.error_class, each.told) for each in errors]} {lessons}"))
    assert hidden & set(MARK.findall(f"{[each.message for each in errors]}"))
