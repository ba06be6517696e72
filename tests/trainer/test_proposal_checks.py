"""A proposal is trusted only if nothing is wrong with it, and is told what is."""

from collections.abc import Iterator

import pytest

from executor.choose_sandbox import choose_sandbox
from executor.process_sandbox import ProcessSandbox
from executor.sandbox import Sandbox
from memory.digests import task_digest
from memory.task_proposals import FLAWS, TaskProposal
from memory.task_sources import built_in_curriculum
from tests.trainer.proposals import CHECKS, GOAL, REFERENCE, proposal
from trainer.known_alike import KnownTasks, jaccard, runs_of
from trainer.proposal_checks import Judged, ProposalJudge
from utils.errors import InputError

CURRICULUM = built_in_curriculum()


@pytest.fixture(scope="module")
def place() -> Iterator[Sandbox]:
    sandbox = ProcessSandbox()
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def curriculum() -> KnownTasks:
    known = KnownTasks()
    known.learn((task, task_digest(task)) for task in CURRICULUM)
    return known


def judged(place: Sandbox, proposed: TaskProposal, known: KnownTasks | None = None) -> Judged:
    return ProposalJudge(place, known or KnownTasks()).judge(proposed, task_id="generated-1")


def wrapped(body: str, head: str = "") -> str:
    """The reference under another name, and a function around it."""
    return f"{head}{REFERENCE.replace('def runs', 'def plain')}\ndef runs(items, least):\n    {body}\n"


def test_a_good_proposal_becomes_a_task_whose_cases_are_what_its_reference_answers(
    place: Sandbox, curriculum: KnownTasks
) -> None:
    found = judged(place, proposal(), curriculum)
    task = found.task
    assert (found.flaw, found.why) == (None, "")
    assert task is not None
    assert (task.id, task.origin, task.entry_point, task.goal) == ("generated-1", "generated", "runs", GOAL)
    assert [case.expected or case.raises for case in task.cases] == [
        "[2, 1]", "[2]", "[]", "[]", "[3, 2]", "[1]", "[1, 1, 1, 1]", "ValueError", "ValueError",
    ]  # fmt: skip
    assert task.examples == ("assert runs([1, 1, 2], 1) == [2, 1]", "assert runs([1, 1, 2], 2) == [2]")
    assert found.mutants_failed >= 0.8 * found.mutants > 0


def test_the_best_sandbox_here_trusts_and_refuses_alike() -> None:
    try:
        isolated = choose_sandbox("bubblewrap", trusted_code_only=True)
    except InputError as refusal:
        pytest.skip(str(refusal))
    order = wrapped("return [plain(items, least), list(set(map(str, items)))]")
    many = proposal(*CHECKS[:-3], "runs(['ab', 'cd', 'ef', 'gh'], 1) == [1, 1, 1, 1]")
    try:
        assert judged(isolated, proposal()).flaw is None
        assert judged(isolated, many.model_copy(update={"reference": order})).task is None
    finally:
        isolated.close()


@pytest.mark.parametrize(
    ("use", "named"),
    [
        ("import os\n", "the module os"),
        ("import os.path as p\n", "the module os.path"),
        ("from random import random\n", "the module random"),
        ("import subprocess, time\n", "the module subprocess"),
        ("from . import helper\n", "a relative import"),
        ("from datetime import datetime\nNOW = datetime.now()\n", "now"),
        ("WHERE = open\n", "open"),
        ("ALL = ().__class__\n", "__class__"),
        ("DOOR = __builtins__\n", "__builtins__"),
        ("def count():\n    global total\n    total = 1\n", "global"),
        ("DIGEST = hash('a')\n", "hash"),
        ("def broken(:\n", "it is no Python (invalid syntax)"),
    ],
)
def test_what_a_task_may_not_use_is_named(place: Sandbox, use: str, named: str) -> None:
    found = judged(place, proposal(reference=use + REFERENCE))
    assert (found.flaw, found.why) == ("banned", f"{FLAWS['banned']}: {named}")


def test_modules_that_always_answer_the_same_may_be_used(place: Sandbox) -> None:
    assert judged(place, proposal(reference="import itertools\nfrom math import pi\n" + REFERENCE)).flaw is None


@pytest.mark.parametrize(
    "body",
    [
        "return plain(items, least) + [1]",
        "return [] if not items else plain(items, least + (least == 2))",
        "raise ValueError(least)",
    ],
)
def test_a_reference_that_disagrees_with_a_check_is_refused_with_the_call(place: Sandbox, body: str) -> None:
    found = judged(place, proposal(reference=wrapped(body)))
    assert found.flaw == "wrong reference"
    assert "should give [2" in found.why


def test_answers_that_hang_on_the_calls_before_are_refused(place: Sandbox) -> None:
    source = wrapped("seen.append(1); return plain(items, least) + [len(seen)]", "seen = []\n")
    calls = [each.partition(" == ") for each in CHECKS[:7]]
    told = [f"{call} == {wanted[:-1]}{', ' if wanted != '[]' else ''}{at}]"
            for at, (call, _, wanted) in enumerate(calls, start=1)]  # fmt: skip
    found = judged(place, proposal(*told, reference=source))
    assert found.flaw == "nondeterministic"
    assert "runs([1, 1, 2], 1) gives something else asked again" in found.why


@pytest.mark.parametrize(
    ("reference", "expected", "why"),
    [
        (
            "def runs(items, least):\n    if least < 0:\n        return items + [1]\n    return items\n",
            "{0}",
            "args[0]",
        ),
        (
            "def runs(items, least):\n    size = 0\n    for _ in items:\n        size += 1\n    return size\n",
            "{1}",
            "len",
        ),
        (
            "def runs(items, least):\n    return [7 for _ in range(1)] if least > 0 else [7]\n",
            "[7]",
            "7 calls give [7]",
        ),
    ],
    ids=["identity", "one builtin", "constant"],
)
def test_what_one_short_expression_solves_is_refused(place: Sandbox, reference: str, expected: str, why: str) -> None:
    given = [[1, 2], [5], [2, 2, 2], [0], [9, 8, 7, 6], [3, 1, 4, 1, 5], [1, 2, 3]]
    told = [f"runs({each}, 1) == {expected.format(each, len(each))}" for each in given]
    found = judged(place, proposal(*told, reference=reference))
    assert found.flaw == "trivial"
    assert why in found.why


def test_checks_that_most_wrong_versions_pass_are_refused(place: Sandbox) -> None:
    few = [f"runs([{', '.join('1' * size)}], 1) == [{size}]" for size in range(1, 8)]
    found = judged(place, proposal(*few))
    assert found.flaw == "weak checks"
    assert "was left out" in found.why or "became" in found.why


def test_checks_that_are_said_to_be_many_and_are_two_are_refused(place: Sandbox) -> None:
    found = judged(place, proposal(*CHECKS[:2] * 8))
    assert (found.flaw, found.why) == (
        "too few checks",
        f"{FLAWS['too few checks']}: 2 different calls with what they give, 6 are needed",
    )


def test_properties_count_for_nothing_by_themselves_but_have_to_hold(place: Sandbox) -> None:
    vague = ("runs([1], 1) is not None", "len(runs([1, 2], 1)) >= 0")
    assert judged(place, proposal(*CHECKS[:2], properties=vague * 4)).flaw == "too few checks"
    assert judged(place, proposal(properties=("sum(runs([1, 1, 2], 1)) == 3",))).flaw is None
    wrong = judged(place, proposal(properties=("sum(runs([1, 1, 2], 1)) == 4",)))
    assert (wrong.flaw, "sum(runs([1, 1, 2], 1)) == 4" in wrong.why) == ("wrong reference", True)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("while True: pass", "too long (CPU time)"),
        ("items.append(1); return plain(items[:-1], least)", "changes the arguments"),
        ("return (each for each in plain(items, least))", "no plain data"),
        ("return [plain, plain(items, least)]", "no plain data"),
    ],
)
def test_a_reference_that_cannot_be_one_is_refused(place: Sandbox, body: str, why: str) -> None:
    found = judged(place, proposal(reference=wrapped(body)))
    assert found.flaw == "broken"
    assert why in found.why


def test_a_known_task_is_refused_in_its_own_words_and_in_others(place: Sandbox, curriculum: KnownTasks) -> None:
    chunks = next(task for task in CURRICULUM if task.id == "lists-chunks")
    checks = (
        "[1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]",
        "[1, 2], 5) == [[1, 2]]",
        "[3, 3, 1], 1, 9) == [[3], [3], [1]]",
        "['a'], 4, '-') == [['a', '-', '-', '-']]",
        "[1, 2, 3], 2, 0) == [[1, 2], [3, 0]]",
        "[4, 4, 4, 4], 3) == [[4, 4, 4], [4]]",
        "[9, 9], 1) == [[9], [9]]",
    )
    told = [f"pieces({each}" for each in checks]
    reference = (chunks.reference or "").replace("def chunks", "def pieces")
    renamed = {"entry_point": "pieces", "reference": reference}
    copied = judged(place, proposal(*told, goal=chunks.goal.replace("chunks", "pieces"), **renamed), curriculum)
    reworded = judged(
        place, proposal(*told, goal="Write `pieces`: break a sequence into parts.", **renamed), curriculum
    )
    assert (copied.flaw, "100% of its words are those of lists-chunks" in copied.why) == ("duplicate", True)
    assert (reworded.flaw, "calls of lists-chunks" in reworded.why) == ("duplicate", True)


def test_no_two_tasks_of_the_curriculum_are_alike_in_words() -> None:
    runs = [runs_of(task.goal, task.entry_point) for task in CURRICULUM]
    assert max(jaccard(one, other) for at, one in enumerate(runs) for other in runs[:at]) < 0.1
