"""The verdict is that of plain Python, on small solutions of many kinds; each difference is named here."""

import pytest

from benchmarks.plain_python import plain_flaw
from executor.grading.grade import grade
from executor.sandbox import Sandbox
from memory.attempts import AttemptLimits
from tests.conftest import SHARED
from tests.executor.judge_cases import JudgeCase, own_cases, shared_cases

OUTCOMES = {"pass": "passed", "fail": "failed"}
NO_VERDICT = frozenset(
    {
        "h35_file_of_the_check",
        "h36_file_of_the_solution",
        "f23_random_seeded_by_check",
        "f24_mock_time",
        "f25_env_var_of_check",
        "r_view_that_lives_on",
        "r_class_attributes_and_constructors",
        "r_swallows_what_it_was_told",
        "r_card_in_order",
        "r_floats_at_the_border_and_bytes",
    }
)
"""Right ones, for which the separated judge may say that it cannot tell: what they do is done in one process only."""
MOST_WITHOUT_VERDICT = 10
HOLDS_IN_PYTHON_TOO = {"w14_nan_inverted_compare"}
"""Wrong by intent, but the check holds in plain Python and in every judge: it says `not nan > 1e-9`."""
NOT_IN_LANDLOCK = {"h91_program_spawn_pool", "h92_program_process_pool"}
"""Right, but the locks of multiprocessing are not to be had there."""
LIMITS = AttemptLimits(wall_s=8.0, cpu_s=3.0, memory_mb=512)

OWN = own_cases()
BESIDE = shared_cases(SHARED) if SHARED.is_dir() else []


def fits(case: JudgeCase, outcome: str) -> bool:
    return outcome == OUTCOMES[case.want] or (outcome == "no_verdict" and case.name in NO_VERDICT)


def test_half_of_at_least_60_cases_are_right_and_none_is_one_of_those_beside_the_checkout() -> None:
    wants = [case.want for case in OWN]
    assert len(wants) >= 60
    assert wants.count("pass") == wants.count("fail") == len(wants) / 2
    assert len({case.name for case in [*OWN, *BESIDE]}) == len([*OWN, *BESIDE])
    assert not {case.solution for case in OWN} & {case.solution for case in BESIDE}


def test_few_cases_may_stay_without_a_verdict() -> None:
    assert {case.name for case in [*OWN, *BESIDE] if case.want == "pass"} >= NO_VERDICT or not BESIDE
    assert len(NO_VERDICT) <= MOST_WITHOUT_VERDICT


@pytest.mark.parametrize("case", OWN, ids=lambda case: case.name)
@pytest.mark.parametrize("hash_seed", [0, 1, 77])
def test_plain_python_says_what_is_wanted_whatever_seeds_its_hashes(case: JudgeCase, hash_seed: int) -> None:
    assert (plain_flaw(case.task, case.solution, hash_seed=hash_seed) == "") is (case.want == "pass")


@pytest.mark.parametrize("case", OWN, ids=lambda case: case.name)
def test_a_solution_is_judged_as_plain_python_judges_it(case: JudgeCase, sandbox: Sandbox) -> None:
    assert fits(case, grade(case.task, case.solution, sandbox, limits=LIMITS).outcome)


@pytest.mark.shared
@pytest.mark.parametrize("case", BESIDE, ids=lambda case: case.name)
def test_a_solution_beside_the_checkout_is_judged_as_wanted(case: JudgeCase, isolated: Sandbox) -> None:
    if case.name in HOLDS_IN_PYTHON_TOO:
        assert plain_flaw(case.task, case.solution) == ""
        return
    outcome = grade(case.task, case.solution, isolated, limits=LIMITS).outcome
    if isolated.tier.kind == "landlock" and case.name in NOT_IN_LANDLOCK:
        assert outcome == "failed"
        return
    assert fits(case, outcome)
