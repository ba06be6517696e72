import dataclasses
from typing import Any

import pytest

from builder.run_project import Attempt, run_attempt
from memory.attempts import AttemptLimits, AttemptSpec, Crossing, Sampling, Score, Verdict
from memory.tasks import Task
from tests.builder.scripted import (
    REFLECTION,
    RIGHT,
    WRONG,
    ScriptedModel,
    a_failure,
    by_text,
    failed,
    fenced,
    no_score,
    tools,
)
from tests.memory.builders import a_spec, a_task, a_verdict
from utils.completions import Message
from utils.errors import ContextOverflow, Fault, Interrupted, ModelFault, SandboxFault
from utils.files import sha256_hex


def attempt(*replies: str | Exception, max_repairs: int = 2, **task: Any) -> tuple[Attempt, ScriptedModel]:
    model = ScriptedModel(replies)
    return run_attempt(a_spec(max_repairs=max_repairs), a_task(**task), tools(model)), model


def test_code_that_passes_ends_the_attempt_at_once() -> None:
    done, model = attempt(fenced(RIGHT), REFLECTION)
    result = done.result
    assert (result.outcome, result.passed_first, result.ended, len(result.turns)) == ("passed", True, "passed", 1)
    assert result.turns[0].code_sha256 == sha256_hex(RIGHT.encode())
    assert result.turns[0].reply_sha256 == sha256_hex(fenced(RIGHT).encode())
    assert result.reflection is not None
    assert result.reflection.lesson == "Read the goal."
    assert (done.files, result.tokens, len(model.asked)) == ({"turn-0.py": RIGHT}, 30, 2)


def test_a_failure_is_told_and_repaired() -> None:
    done, model = attempt(fenced(WRONG), fenced(RIGHT), REFLECTION)
    result = done.result
    assert (result.outcome, result.passed_first, result.ended) == ("passed", False, "passed")
    assert done.files == {"turn-0.py": WRONG, "turn-1.py": RIGHT}
    assert [turn.verdict.outcome for turn in result.turns if turn.verdict] == ["failed", "passed"]
    first, repair = model.asked[0].messages, model.asked[1].messages
    assert repair[:2] == first
    assert repair[2] == Message("assistant", fenced(WRONG).strip())
    assert "expected: 3\n  actual: -1" in repair[3].content
    assert "This is try 2 of 3." in repair[3].content


def test_repairs_are_used_up_and_only_the_latest_try_is_shown_again() -> None:
    done, model = attempt(*(fenced(f"{WRONG}# {number}\n") for number in "abc"), REFLECTION)
    assert (done.result.outcome, done.result.ended, len(done.result.turns)) == ("failed", "repairs used up", 3)
    last = model.asked[2].messages
    assert (len(last), "# b" in last[2].content, any("# a" in message.content for message in last)) == (4, True, False)


def test_a_reply_without_code_gets_a_repair_turn_and_no_verdict() -> None:
    done, model = attempt("<think>hm</think>I would rather not.", fenced(RIGHT), REFLECTION)
    first = done.result.turns[0]
    assert (first.problem, first.verdict, first.code_file) == ("it holds no Python code", None, "")
    assert (done.result.outcome, done.result.passed_first, list(done.files)) == ("passed", False, ["turn-1.py"])
    assert model.asked[1].messages[2:] == (
        Message("assistant", "I would rather not."),
        Message("user", tools(model).prompts.no_code("it holds no Python code", turn=1, turns=3)),
    )


def test_a_reply_of_thinking_alone_is_shown_as_empty() -> None:
    _, model = attempt("<think>hm", fenced(RIGHT), REFLECTION)
    assert model.asked[1].messages[2] == Message("assistant", "(empty)")


def test_useless_replies_alone_are_a_failure_without_code() -> None:
    done, model = attempt("no", "no", "no", REFLECTION)
    assert (done.result.outcome, done.result.ended, done.files) == ("failed", "repairs used up", {})
    assert done.result.last_verdict is None
    assert "it holds no Python code" in model.asked[3].messages[-1].content


def test_without_repairs_there_is_one_call_and_no_reflection() -> None:
    done, model = attempt(fenced(WRONG), max_repairs=0)
    assert (done.result.outcome, done.result.ended, len(model.asked)) == ("failed", "one reply", 1)
    assert done.result.reflection is not None
    assert done.result.reflection.problem == "not asked for: one reply a unit"


def test_an_ungraded_task_is_tried_once_and_not_reflected_on() -> None:
    model = ScriptedModel([fenced("print(1)\n")])
    task = a_task(entry_point=None, checks=())
    parts = tools(model, lambda *_: a_verdict("ungraded", checks=(), assertions_total=0))
    result = run_attempt(a_spec(), task, parts).result
    assert (result.outcome, result.ended, result.score, len(model.asked)) == ("ungraded", "ungraded", None, 1)
    assert result.reflection is not None
    assert result.reflection.problem == "not asked for: the task is ungraded"


def without_verdict(_task: Task, code: str, _spec: AttemptSpec) -> Verdict:
    """Code with a minus fails, and on all other there is no verdict."""
    return failed() if "-" in code else a_verdict("no_verdict", why_none="a socket cannot cross")


def test_without_a_verdict_there_is_nothing_to_repair_to_score_or_to_look_back_at() -> None:
    model = ScriptedModel([fenced(WRONG), fenced(RIGHT)])
    result = run_attempt(a_spec(), a_task(), tools(model, without_verdict)).result
    assert (result.outcome, result.ended, result.score, result.passed_first) == (
        "no_verdict",
        "no verdict",
        None,
        False,
    )
    assert (len(result.turns), result.why_none, result.judged) == (2, "a socket cannot cross", False)
    assert result.reflection is not None
    assert result.reflection.problem == "not asked for: there is no verdict"


def test_a_starter_is_continued_by_a_body() -> None:
    done, _ = attempt(fenced("    return a + b\n"), REFLECTION, starter="def add(a, b):\n")
    assert done.files == {"turn-0.py": RIGHT}


def test_a_context_that_is_too_small_at_first_is_a_failure_without_turns() -> None:
    done, model = attempt(ContextOverflow("5000 tokens"))
    result = done.result
    assert (result.outcome, result.turns, len(model.asked)) == ("failed", (), 1)
    assert result.ended == "the prompt does not fit into the model's context: 5000 tokens"
    assert result.reflection is not None
    assert result.reflection.problem == "not asked for: the prompt did not fit"


def test_a_context_that_is_too_small_for_a_repair_ends_the_attempt_with_what_there_is() -> None:
    done, _ = attempt(fenced(WRONG), ContextOverflow("x" * 1000), REFLECTION)
    assert (done.result.outcome, len(done.result.turns), len(done.result.ended)) == ("failed", 1, 500)
    assert done.result.reflection is not None
    assert done.result.reflection.usable


def test_a_useless_reflection_is_an_outcome() -> None:
    done, _ = attempt(fenced(RIGHT), "The code should handle the edge cases first.")
    assert done.result.reflection is not None
    assert (done.result.outcome, done.result.reflection.usable) == ("passed", False)


@pytest.mark.parametrize("fault", [ModelFault("away"), Interrupted("Ctrl-C")])
@pytest.mark.parametrize("before", [[], [fenced(WRONG)], [fenced(RIGHT)]])
def test_a_fault_of_the_model_concludes_nothing(fault: Fault, before: list[str]) -> None:
    with pytest.raises(type(fault), match=str(fault)):
        attempt(*before, fault)


def test_a_fault_of_the_sandbox_concludes_nothing() -> None:
    def lost(_task: Task, _code: str, _spec: AttemptSpec) -> Verdict:
        raise SandboxFault("lost")

    with pytest.raises(SandboxFault, match="lost"):
        run_attempt(a_spec(), a_task(), tools(ScriptedModel([fenced(RIGHT)]), lost))


def test_grader_and_scorer_get_the_task_the_last_code_and_the_spec() -> None:
    seen: list[tuple[Task, str, AttemptSpec]] = []

    def watched(task: Task, code: str, spec: AttemptSpec) -> Verdict:
        seen.append((task, code, spec))
        return by_text(task, code, spec)

    def scored(task: Task, code: str, verdict: Verdict, spec: AttemptSpec) -> Score:
        seen.append((task, code, spec))
        return Score(accuracy=verdict.accuracy, speed=None, elegance=None, difficulty=task.difficulty, points=50)

    spec, task = a_spec(limits=AttemptLimits(wall_s=3)), a_task()
    parts = tools(ScriptedModel([fenced(WRONG), fenced(RIGHT), REFLECTION]), watched)
    result = run_attempt(spec, task, type(parts)(parts.model, parts.prompts, parts.grade, scored, parts.tell)).result
    assert seen == [(task, WRONG, spec), (task, RIGHT, spec), (task, RIGHT, spec)]
    assert result.score == Score(accuracy=1, speed=None, elegance=None, difficulty=0.5, points=50)


def test_a_unit_without_a_verdict_has_no_score() -> None:
    done, _ = attempt("no", max_repairs=0)
    assert done.result.score is no_score(a_task(), "", a_verdict(), a_spec())


def test_seeds_differ_by_turn_and_are_the_same_for_the_same_spec() -> None:
    replies = [fenced(WRONG), fenced(WRONG), fenced(WRONG), REFLECTION]
    seeds = [[asked.seed for asked in attempt(*replies)[1].asked] for _ in range(2)]
    assert seeds[0] == seeds[1]
    assert len(set(seeds[0])) == 4
    assert all(seed is not None and 0 <= seed < 2**31 for seed in seeds[0])


def test_the_sampling_of_the_spec_is_used_in_each_call() -> None:
    _, model = attempt(fenced(WRONG), fenced(RIGHT), REFLECTION)
    sampling = a_spec().sampling
    assert {(each.temperature, each.top_p, each.max_tokens) for each in model.asked} == {
        (sampling.temperature, sampling.top_p, sampling.max_tokens)
    }


def test_the_same_spec_and_the_same_replies_give_the_same_result() -> None:
    replies = [fenced(WRONG), "no", fenced(RIGHT), REFLECTION]
    first, second = attempt(*replies)[0], attempt(*replies)[0]
    assert first.files == second.files
    assert first.result.model_copy(update={"wall_s": 0.0}) == second.result.model_copy(update={"wall_s": 0.0})


def test_lone_surrogates_of_a_reply_reach_neither_files_nor_messages() -> None:
    odd = fenced('def add(a, b):\n    return "\ud800"\n')
    done, model = attempt(odd, fenced(RIGHT), REFLECTION)
    assert done.files["turn-0.py"] == 'def add(a, b):\n    return "\ufffd"\n'
    assert "\ufffd" in model.asked[1].messages[2].content


def test_a_long_failure_is_bounded_in_the_repair_turn() -> None:
    model = ScriptedModel([fenced(WRONG), fenced(RIGHT), REFLECTION])
    long = failed(failures=(a_failure(actual="x" * 4000),) * 20)
    run_attempt(a_spec(), a_task(), tools(model, lambda task, code, spec: long if code == WRONG else a_verdict()))
    assert len(model.asked[1].messages[-1].content) < 1000 + 250


def test_what_crossed_is_kept_beside_the_code_and_not_in_the_result() -> None:
    crossing = Crossing(call="add(1, 2)", answer="3", cpu_s=0.25)
    model = ScriptedModel([fenced(RIGHT), REFLECTION])
    done = run_attempt(a_spec(), a_task(), tools(model, lambda *_: a_verdict(transcript=(crossing,))))
    assert done.transcripts == {"turn-0.calls.jsonl": '{"call":"add(1, 2)","answer":"3","cpu_s":0.25}\n'}
    assert done.files == {"turn-0.py": RIGHT}
    assert [turn.verdict.transcript for turn in done.result.turns if turn.verdict] == [()]


TESTS = "def test_it():\n    assert True\n"


def test_tests_beside_the_solution_are_repaired_by_and_prove_nothing() -> None:
    def grade(_task: Task, code: str, _spec: AttemptSpec) -> Verdict:
        return (a_verdict if code == RIGHT else failed)(cooperative=True)

    scored: list[str] = []

    def score(_task: Task, code: str, _verdict: Verdict, _spec: AttemptSpec) -> Score | None:
        scored.append(code)
        return None

    model = ScriptedModel([fenced(WRONG), fenced(RIGHT), REFLECTION])
    work = dataclasses.replace(tools(model, grade), score=score)
    result = run_attempt(a_spec(), a_task(checks=(), tests=TESTS), work).result
    assert (result.outcome, result.passed_first, result.score, scored) == ("ungraded", False, None, [])
    assert [turn.verdict.outcome for turn in result.turns if turn.verdict] == ["failed", "passed"]
    assert (result.ended, len(model.asked)) == ("passed", 2)


def test_every_turn_is_asked_in_the_blueprints_way() -> None:
    model = ScriptedModel([fenced(WRONG), fenced(RIGHT), REFLECTION])
    way: dict[str, Any] = {
        "guidance": ("Look at the sign.",),
        "plan_first": True,
        "sampling": Sampling(temperature=0.9),
    }
    run_attempt(a_spec(max_repairs=1, **way), a_task(), tools(model))
    asked = [completion.messages[1].content for completion in model.asked[:2]]
    assert asked[0] == asked[1]
    assert asked[0].endswith("How to go about it:\n- Look at the sign.")
    assert "Plan first: " in asked[0]
    assert {completion.temperature for completion in model.asked} == {0.9}
