import math
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.utils.rehearsal.worlds import (
    COUNTER_TASK,
    DOUBLE_TASK,
    FAILED,
    NO_CODE,
    OPEN_TASK,
    ROOTS_TASK,
    TASKS,
    always_right,
    always_wrong,
    ask,
    follow_up,
    reflect,
    with_ability,
)
from utils.completions import Completion, Message, Model, Reply
from utils.rehearsal.known import KnownTask
from utils.rehearsal.model import Plan, RehearsalModel
from utils.rehearsal.reading import code_in
from utils.rehearsal.tables import BugKind, Drift
from utils.rehearsal.truths import Truths
from utils.text import estimate_tokens

SEEDS = st.none() | st.integers(min_value=0, max_value=2**63 - 1)
DEFAULT = Truths.default()


def model(truths: Truths = DEFAULT, seed: int = 0) -> RehearsalModel:
    return RehearsalModel(TASKS, truths, seed)


def facts(reply: Reply) -> tuple[object, ...]:
    return reply.text, reply.reasoning, reply.finish, reply.usage, reply.model


def run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(code, "reply", "exec"), names)
    return names


def plans(truths: Truths, completions: list[Completion]) -> list[Plan]:
    asked = model(truths)
    return [asked.plan(completion) for completion in completions]


def within_five_sigma(count: int, of: int, probability: float) -> bool:
    return abs(count - of * probability) <= 5 * math.sqrt(of * probability * (1 - probability))


def test_it_is_a_model_that_says_in_its_name_that_it_is_simulated() -> None:
    simulated: Model = model()
    assert simulated.name == simulated.complete(ask(ROOTS_TASK)).model == "rehearsal (simulated)"


@settings(max_examples=60, deadline=None)
@given(task=st.sampled_from(TASKS), seed=SEEDS, own=st.integers(min_value=-(2**70), max_value=2**70))
def test_the_same_request_gets_the_same_reply_from_another_model_of_the_same_seed(
    task: KnownTask, seed: int | None, own: int
) -> None:
    first = model(seed=own).complete(ask(task, seed))
    again = follow_up(ask(task, seed), first.text, FAILED)
    assert facts(model(seed=own).complete(ask(task, seed))) == facts(first)
    assert facts(model(seed=own).complete(again)) == facts(model(seed=own).complete(again))


def test_neither_the_order_of_requests_nor_threads_change_a_reply() -> None:
    requests = [ask(task, seed) for task in TASKS for seed in range(40)]
    asked = model()
    in_order = {id(request): facts(asked.complete(request)) for request in requests}
    shuffled = random.Random(3).sample(requests, len(requests))
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(asked.complete, shuffled))
    assert [facts(reply) for reply in replies] == [in_order[id(request)] for request in shuffled]


def test_replies_differ_with_the_request_seed_the_model_seed_and_the_messages() -> None:
    by_request = {model().complete(ask(ROOTS_TASK, seed)).text for seed in range(30)}
    by_model = {model(seed=seed).complete(ask(ROOTS_TASK)).text for seed in range(30)}
    messages = [Message("user", f"{ROOTS_TASK.goal}{' please' * count}") for count in range(30)]
    by_message = {model().complete(Completion(messages=(message,), seed=1)).text for message in messages}
    assert min(len(by_request), len(by_model), len(by_message)) > 10


@pytest.mark.parametrize("task", [ROOTS_TASK, COUNTER_TASK, DOUBLE_TASK], ids=lambda task: task.id)
def test_first_tries_are_intended_right_as_often_as_the_truths_say(task: KnownTask) -> None:
    right = sum(plan.right for plan in plans(DEFAULT, [ask(task, seed) for seed in range(2000)]))
    assert within_five_sigma(right, 2000, DEFAULT.pass_probability(task))


@pytest.mark.parametrize(("told", "evidence"), [("A check failed.", False), (FAILED, True)])
def test_repairs_are_intended_right_as_often_as_the_truths_say(told: str, *, evidence: bool) -> None:
    requests = [follow_up(ask(ROOTS_TASK, seed), "```\nx\n```", told) for seed in range(2000)]
    right = sum(plan.right for plan in plans(DEFAULT, requests))
    assert within_five_sigma(right, 2000, DEFAULT.pass_probability(ROOTS_TASK, 1, evidence=evidence))


def test_another_model_seed_keeps_the_odds() -> None:
    asked = [RehearsalModel(TASKS, DEFAULT, seed).plan(ask(ROOTS_TASK)) for seed in range(2000)]
    assert within_five_sigma(sum(plan.right for plan in asked), 2000, DEFAULT.pass_probability(ROOTS_TASK))


def test_a_planted_rule_in_the_prompt_changes_the_odds_and_another_rule_does_not() -> None:
    planted, other = "handle the empty  input before the loop", "Use short names."
    rule = next(rule for rule in DEFAULT.rules if rule.text.startswith("Handle the empty"))
    prompts = [Message("system", f"Rules:\n- {planted}\n- {other}"), Message("system", f"Rules:\n- {other}")]
    asked = [Completion(messages=(prompt, *ask(ROOTS_TASK).messages)) for prompt in prompts]
    odds = [plan.probability for plan in plans(DEFAULT, asked)]
    assert odds == [DEFAULT.pass_probability(ROOTS_TASK, rules=[rule]), DEFAULT.pass_probability(ROOTS_TASK)]


def test_the_planted_drift_follows_the_unit_that_asks_and_nothing_else_does() -> None:
    drifting = DEFAULT.model_copy(update={"drift": Drift(bound=2.0, skills={"math": 1.0})})
    units = ("", "ab12cd34-000123", "ab12cd34-000900", "odd", "-", "a-\u0663", f"a-{'9' * 5000}")
    asked = [replace(ask(ROOTS_TASK), unit=unit) for unit in units]
    expected = [drifting.pass_probability(ROOTS_TASK, unit=number) for number in (0, 123, 900, 0, 0, 0, 0)]
    assert [plan.probability for plan in plans(drifting, asked)] == expected
    still = DEFAULT.model_copy(update={"drift": Drift()})
    assert len({model(still).complete(each).text for each in asked}) == 1


def test_an_earlier_attempt_in_the_prompt_changes_the_odds() -> None:
    line = '- Task "Roots" (math, edge-cases): passed after 1 tries. Lesson: none'
    message = Message("user", f"{ROOTS_TASK.goal}\n\nFrom earlier attempts:\n{line}")
    [plan] = plans(DEFAULT, [Completion(messages=(message,))])
    assert plan.probability == DEFAULT.pass_probability(ROOTS_TASK, recalled=[ROOTS_TASK])
    assert plan.probability > DEFAULT.pass_probability(ROOTS_TASK)


def test_wrong_answers_are_broken_in_the_planted_shares() -> None:
    made = plans(always_wrong(), [ask(ROOTS_TASK, seed) for seed in range(1500)])
    counts = {kind: sum(plan.bug is kind for plan in made) for kind in BugKind}
    shares = DEFAULT.bugs.by_kind()
    assert all(within_five_sigma(counts[kind], 1500, shares[kind]) for kind in BugKind)


def test_right_answers_are_right_in_all_their_styles() -> None:
    asked = model(always_right())
    codes = {code_in(asked.complete(ask(ROOTS_TASK, seed)).text) for seed in range(150)}
    answers = [run(code)["roots"]([9, -1, 17]) for code in codes]
    assert len(codes) > 5
    assert answers == [(3, 4)] * len(codes)


def test_a_reference_that_continues_the_starter_is_sent_whole() -> None:
    code = code_in(model(always_right()).complete(ask(DOUBLE_TASK)).text)
    assert run(code)["double"]("ab") == "abab"


def test_every_reply_with_code_says_that_it_is_simulated() -> None:
    texts = [model().complete(ask(task, seed)).text for task in TASKS for seed in range(60)]
    assert all("simulated" in text.lower() for text in texts)


@pytest.mark.parametrize("kind", BugKind)
def test_every_kind_of_bug_can_be_met(kind: BugKind) -> None:
    plan = model(always_wrong(kind)).plan(ask(ROOTS_TASK))
    assert (plan.right, plan.bug) == (False, kind)
    assert plan.code != ROOTS_TASK.reference


def test_truncated_code_ends_with_finish_length_and_prose_holds_no_code() -> None:
    cut = [model(always_wrong(BugKind.TRUNCATED)).complete(ask(ROOTS_TASK, seed)) for seed in range(30)]
    prose = model(always_wrong(BugKind.PROSE)).complete(ask(ROOTS_TASK))
    assert {reply.finish for reply in cut} == {"length"}
    assert (code_in(prose.text), prose.finish) == ("", "stop")


def test_a_bug_that_the_solution_has_no_place_for_gives_way_to_another() -> None:
    both = always_wrong(BugKind.MISSING_IMPORT, BugKind.WRONG_NAME)
    only = always_wrong(BugKind.MISSING_IMPORT)
    assert {plan.bug for plan in plans(both, [ask(COUNTER_TASK, seed) for seed in range(9)])} == {BugKind.WRONG_NAME}
    assert model(only).plan(ask(COUNTER_TASK)).bug is BugKind.PROSE


def test_a_habitual_mistake_is_the_same_in_every_night_but_not_in_repairs() -> None:
    truths = always_wrong(BugKind.MUTATION, habit=1.0)
    nights = {RehearsalModel(TASKS, truths, seed).plan(ask(ROOTS_TASK)).code for seed in range(20)}
    repairs = {model(truths).plan(follow_up(ask(ROOTS_TASK, seed), "Hm.", FAILED)).code for seed in range(20)}
    assert len(nights) == 1
    assert len(repairs) > 1


def test_a_failed_repair_may_send_the_same_code_with_apologies() -> None:
    asked = model(always_wrong(same_code=1.0))
    sent = [follow_up(ask(ROOTS_TASK, seed), "Sure:\n```python\nx = 1\n```", FAILED) for seed in range(20)]
    replies = [asked.complete(completion).text for completion in sent]
    assert {code_in(reply) for reply in replies} == {"x = 1\n"}
    assert all("sorry" in reply or "Apologies" in reply for reply in replies)


def test_a_repair_with_good_odds_is_right() -> None:
    reply = model(always_right()).complete(follow_up(ask(ROOTS_TASK), "```\nx\n```", FAILED))
    assert run(code_in(reply.text))["roots"]([]) == ()


def test_the_reminder_that_there_was_no_code_is_no_repair_turn() -> None:
    reminded = follow_up(ask(ROOTS_TASK), "I would loop.", NO_CODE)
    assert plans(DEFAULT, [reminded])[0].probability == DEFAULT.pass_probability(ROOTS_TASK, 0)


def test_each_repair_turn_adds_its_bonus() -> None:
    once = follow_up(ask(ROOTS_TASK), "```\nx\n```", "It failed.")
    twice = follow_up(once, "```\ny\n```", FAILED)
    found = [plan.situation.turn for plan in plans(DEFAULT, [ask(ROOTS_TASK), once, twice])]
    assert found == [0, 1, 2]


@pytest.mark.parametrize(
    "completion",
    [
        ask(OPEN_TASK),
        Completion(messages=(Message("user", "Write a compiler."),)),
        Completion(messages=(Message("system", ROOTS_TASK.goal),)),
        follow_up(Completion(messages=(Message("user", "Hello."),)), "Hello.", ROOTS_TASK.goal),
    ],
)
def test_what_it_has_no_reference_for_is_declined_without_code(completion: Completion) -> None:
    reply = model(always_right()).complete(completion)
    assert "simulated" in reply.text
    assert "no reference" in reply.text
    assert code_in(reply.text) == ""


def test_a_reference_that_is_no_python_counts_as_none() -> None:
    task = KnownTask(id="a", name="a", goal="Some goal", entry_point="f", reference="def f(:")
    assert "no reference" in RehearsalModel([task], always_right(), 0).complete(ask(task)).text


def test_a_reply_that_is_too_long_is_cut_off_where_it_fits() -> None:
    whole = model(always_right()).complete(ask(ROOTS_TASK))
    cut = model(always_right()).complete(ask(ROOTS_TASK, max_tokens=12))
    assert whole.text.startswith(cut.text)
    assert (cut.finish, estimate_tokens(cut.text), cut.usage.completion_tokens) == ("length", 12, 12)


def test_latency_is_waited_and_measured() -> None:
    slow = model(with_ability(0.0).model_copy(update={"latency_s": 0.2}))
    assert slow.complete(ask(ROOTS_TASK)).wall_s >= 0.2
    assert model().complete(ask(ROOTS_TASK)).wall_s < 0.2


def test_a_request_for_unknown_json_is_declined() -> None:
    schema = {"type": "object", "properties": {"tasks": {"type": "array"}}}
    assert "simulated" in model().complete(reflect(json_schema=schema)).text
    assert "simulated" in model().complete(reflect("Reply with one JSON object, please.")).text
