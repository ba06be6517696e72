"""Which version a unit is worked on with, and when a trial ends."""

from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks.bench_blueprints import CHAIN, EFFECTS, World, right, trials
from memory.attempts import Outcome, Shown
from memory.belogs import BELog
from memory.blueprints import Blueprint, Way
from memory.decisions import freeze
from memory.events import BlueprintAdded, Decided, RevisionAdopted, RevisionDropped
from memory.evidence.revisions import RevisionEvidence
from memory.state import MemoryState
from memory.tasks import Task
from tests.memory.builders import (
    a_belog,
    a_blueprint,
    a_proposal,
    a_result,
    a_revision,
    a_spec,
    a_task,
    a_toss,
    added,
    finished,
)
from tests.trainer.worlds import Remembers
from tests.trainer.worlds import World as Memory
from trainer.assign import Odds
from trainer.blueprint_breakage import CROSS_CHECKS, touched_by
from trainer.blueprint_trials import (
    ENOUGH_UNITS,
    MOST_UNITS,
    WORTHWHILE,
    Chosen,
    choose_blueprint,
    due_endings,
    ending_of,
    trials_on,
)
from trainer.decide import Decider, decider_of
from utils.lots import says_yes
from utils.settings import Settings

ON = Settings.model_construct(blueprint_trials="on")
OFF = Settings.model_construct()
UNITS = 400
WAY = Way(guidance=("Look twice.",), plan_first=True, temperature=0.75, max_repairs=4, recall_tokens=0, most_rules=1)


@pytest.fixture
def memory() -> Memory:
    """One in which a revision for all tasks is on trial."""
    found = Memory()
    found.happens(BlueprintAdded(blueprint=a_blueprint()))
    found.add_task("add", "arithmetic")
    propose(found)
    return found


def propose(memory: Memory, family: str = "", **fields: Any) -> None:
    proposal = a_proposal(family, **{"way": WAY, **fields})
    memory.happens(a_revision(memory.state.blueprints, proposal))


def choose(state: MemoryState, unit: int, settings: Settings = ON, task: Task | None = None) -> Chosen:
    return choose_blueprint(state, task or a_task(), settings, unit=f"unit-{unit}", seed=7)


def evidence_of(outcomes: Sequence[tuple[bool, bool | None]], number: int = 1) -> RevisionEvidence:
    """Of units given as (revision, passed)."""
    found = RevisionEvidence(number)
    for challenger, passed in outcomes:
        toss = a_toss(number, challenger=challenger).model_copy(update={"prediction": found.predict(("lists", 2))})
        found.settle(toss, ("lists", 2), passed=passed)
    return found


def test_half_of_the_units_get_the_revision_by_a_coin_that_can_be_tossed_again(memory: Memory) -> None:
    chosen = [choose(memory.state, unit) for unit in range(UNITS)]
    tosses = [each.toss for each in chosen if each.toss is not None]
    assert len(tosses) == UNITS
    assert 0.4 < sum(each.challenger for each in tosses) / UNITS < 0.6
    assert all(each.challenger == says_yes(each.lot, probability=0.5) for each in tosses)
    assert {(each.toss.challenger, each.blueprint.key) for each in chosen if each.toss} == {
        (True, "builder-default@2"),
        (False, "builder-default@1"),
    }


def test_no_coin_is_tossed_where_trials_are_off_or_nothing_learned_is_shown_or_nothing_is_graded(
    memory: Memory,
) -> None:
    nothing = Settings.model_construct(blueprint_trials="on", lessons="off")
    assert not trials_on(nothing)
    ungraded = a_task(checks=())
    for found in (
        choose(memory.state, 1, OFF),
        choose(memory.state, 1, nothing),
        choose(memory.state, 1, ON, ungraded),
    ):
        assert (found.toss, found.blueprint.key) == (None, "builder-default@1")


def test_an_adopted_way_stays_in_use_without_trials_but_not_where_nothing_learned_is_shown(memory: Memory) -> None:
    memory.happens(RevisionAdopted(trial=1, figures=evidence_of([]).figures))
    assert choose(memory.state, 1, OFF).blueprint.key == "builder-default@2"
    nothing = Settings.model_construct(lessons="off")
    assert choose(memory.state, 1, nothing).blueprint.key == "builder-default@1"


def test_what_a_way_decides_reaches_the_spec(memory: Memory) -> None:
    revised = next(each for each in memory.state.blueprints.versions("builder-default") if each.revised)
    plain = memory.state.blueprints.shipped
    assert plain is not None

    def spec(blueprint: Any, **settings: Any) -> Any:
        made = Settings.model_construct(**settings)
        return freeze(memory.state, "add", made, blueprint=blueprint, model="m", sandbox="process", seed=1)

    found = spec(revised)
    assert (found.blueprint_id, found.blueprint_version) == ("builder-default", 2)
    assert (found.guidance, found.plan_first) == (("Look twice.",), True)
    assert (found.sampling.temperature, found.max_repairs) == (0.75, 4)
    assert spec(revised, max_repairs=0).max_repairs == 0
    as_before = spec(plain, temperature=0.4, max_repairs=3)
    assert (as_before.sampling.temperature, as_before.max_repairs) == (0.4, 3)
    assert (as_before.guidance, as_before.plan_first) == ((), False)


def decider(memory: Memory, settings: Settings) -> Decider:
    def roomy(task: Task, rules: Sequence[Shown], recalled: Sequence[Shown], way: Way) -> bool:
        return True

    tasks = list(memory.state.tasks)
    return decider_of(settings, tasks, recall=Remembers(["Task x"]), fits=roomy, model="rehearsal", sandbox="process")


def decisions(memory: Memory, settings: Settings, count: int) -> list[Decided]:
    by, found = decider(memory, settings), []
    for _ in range(count):
        decided = by.next(memory.state, seed=5)
        assert decided is not None
        memory.happens(decided)
        memory.happens(finished(memory.state, memory.state.decided))
        found.append(decided)
    return found


def test_what_is_recalled_and_how_many_rules_are_nominated_follow_the_version(memory: Memory) -> None:
    memory.add_rules(*(f"Rule {number}." for number in range(20)))
    by = decider(memory, Settings.model_construct(blueprint_trials="on", schedule="once"))
    nominees: dict[bool, set[tuple[int, bool]]] = {True: set(), False: set()}
    assert by.assigner is not None
    assert isinstance(by.assigner.odds, Odds)
    for unit in range(100):
        chosen = choose(memory.state, unit)
        assert chosen.toss is not None
        found = by.assigner.assign(memory.state, a_task(), unit=f"unit-{unit}", seed=7, way=chosen.blueprint.way)
        kinds = [each.kind for each in found.assignment.nominees] if found.assignment else []
        nominees[chosen.toss.challenger].add((kinds.count("rule"), "recall" in kinds))
    assert nominees[True] == {(1, False)}
    assert {(3, True), (3, False)} <= nominees[False]


def test_controls_of_what_is_learned_are_tossed_for_too_and_independently(memory: Memory) -> None:
    memory.add_rules(*(f"Rule {number}." for number in range(5)))
    by = decider(memory, ON)
    assert by.assigner is not None
    pairs = []
    for unit in range(UNITS):
        chosen = choose(memory.state, unit)
        found = by.assigner.assign(memory.state, a_task(), unit=f"unit-{unit}", seed=7, way=chosen.blueprint.way)
        assert chosen.toss is not None
        pairs.append((found.assignment is not None and found.assignment.control, chosen.toss.challenger))
    controls = [challenger for control, challenger in pairs if control]
    assert 0.1 < len(controls) / UNITS < 0.3
    assert 0.35 < sum(controls) / len(controls) < 0.65


def test_a_trial_ends_when_it_is_proven_worse_hopeless_or_better_and_not_before() -> None:
    assert ending_of(evidence_of([])) is None
    better = ending_of(evidence_of([(True, True), (False, False)] * 40))
    assert isinstance(better, RevisionAdopted)
    assert better.figures.passed == (0, 40)
    worse = ending_of(evidence_of([(True, False), (False, True)] * 40))
    assert isinstance(worse, RevisionDropped)
    assert worse.reason == "worse"
    alike = [(True, True), (False, True), (True, False), (False, False)]
    assert ending_of(evidence_of(alike * ((ENOUGH_UNITS - 4) // 4))) is None
    hopeless = ending_of(evidence_of(alike * (ENOUGH_UNITS // 4)))
    assert isinstance(hopeless, RevisionDropped)
    assert hopeless.reason == "hopeless"
    assert "+0.000" in hopeless.why


def test_a_little_better_is_hopeless_in_the_end() -> None:
    quarter = [(True, True), (False, True), (True, False), (False, False)]
    slightly = (quarter * 9 + [(True, True), (False, False)] * 2) * (MOST_UNITS // 40)
    found = evidence_of(slightly[: MOST_UNITS - 20], number=50)
    assert found.claim.effect.mean > WORTHWHILE
    assert ending_of(found) is None
    ended = ending_of(evidence_of(slightly, number=50))
    assert isinstance(ended, RevisionDropped)
    assert (len(slightly), ended.reason) == (MOST_UNITS, "hopeless")


def test_later_trials_have_to_prove_more() -> None:
    needed = [RevisionEvidence(number).log_needed for number in (1, 2, 10)]
    assert [round(2.718281828459045**each) for each in needed] == [20, 60, 1100]
    outcomes = [(True, True), (False, False)] * 8
    assert evidence_of(outcomes[:14]).better
    assert not evidence_of(outcomes[:14], number=10).better


def test_outcomes_that_are_missing_in_one_arm_suspend_the_trial() -> None:
    lost: list[tuple[bool, bool | None]] = [(True, None), (False, True)] * 40
    found = evidence_of(lost)
    assert "missing in one arm" in found.suspended
    ended = ending_of(found)
    assert isinstance(ended, RevisionDropped)
    assert ended.reason == "suspended"


def test_a_unit_that_ends_after_its_trial_no_longer_counts(memory: Memory) -> None:
    state, task = memory.state, memory.state.tasks["add"].task
    spec = freeze(state, "add", ON, blueprint=a_blueprint(), model="rehearsal", sandbox="process", seed=1)
    memory.happens(Decided(spec=spec, run=1, why="a test", blueprint=a_toss()))
    memory.happens(RevisionDropped(trial=1, reason="hopeless", why="a test"))
    memory.happens(finished(state, 1))
    assert (due_endings(state), state.blueprints.trial_of(task)) == ([], None)
    assert "not open" in state.why_impossible(
        Decided(spec=spec.model_copy(update={"unit_id": "unit-2"}), run=1, why="a test", blueprint=a_toss())
    )


def test_a_change_touches_the_familys_skills_and_what_passes_there_today() -> None:
    memory = Memory()
    memory.happens(BlueprintAdded(blueprint=a_blueprint()))
    for number in range(CROSS_CHECKS + 4):
        memory.happens(added(f"a{number}", skills=("lists", "sorting")))
    memory.happens(added("b", skills=("dicts", "sorting")), added("c", skills=("dates",)))
    outcomes: dict[str, Outcome] = dict.fromkeys([f"a{number}" for number in range(10)], "passed")
    for task, outcome in (outcomes | {"a0": "failed", "b": "passed"}).items():
        memory.play(memory.state.tasks[task].task, (), passed=outcome == "passed")
    found = touched_by(memory.state, "lists")
    assert found.skills == ("lists", "sorting")
    assert found.cross_check == tuple(f"a{number}" for number in range(1, 9))
    assert found.risk == 0.5
    memory.play(memory.state.tasks["b"].task, (), passed=False)
    assert touched_by(memory.state, "lists").risk == round(2 / 3, 6)
    assert touched_by(memory.state, "dates").cross_check == ()
    assert touched_by(memory.state, "").skills == ("dates", "dicts", "lists", "sorting")


def made_with(memory: Memory, blueprint: Blueprint) -> BELog:
    """The log of an attempt that passes, with this version."""
    state, number = memory.state, memory.state.decided + 1
    spec = a_spec(number, "t0", blueprint_id=blueprint.id, blueprint_version=blueprint.version)
    return a_belog(state, spec, a_result(number))


def test_a_required_cross_check_is_scheduled_until_each_task_was_tried_with_the_revision() -> None:
    memory = Memory()
    memory.happens(BlueprintAdded(blueprint=a_blueprint()))
    names = [f"t{number}" for number in range(6)]
    for name in names:
        memory.play(memory.add_task(name, "lists"), (), passed=True)
    propose(memory, "lists", cross_check=touched_by(memory.state, "lists").cross_check)
    trial = memory.state.blueprints.trials[0]
    assert set(trial.unchecked) == set(names)
    assert made_with(memory, trial.challenger).cross_check_required
    assert not made_with(memory, trial.base).cross_check_required
    found = decisions(memory, ON, 120)
    assert not made_with(memory, trial.challenger).cross_check_required
    asked = [each for each in found if each.why.endswith("cross-check")]
    assert asked
    assert {each.slot for each in asked} == {"review"}
    assert trial.unchecked == {}
    tried = {each.spec.task_id for each in found if each.blueprint and each.blueprint.challenger}
    assert sum(trial.checked) == len(tried & set(names))
    rest = [each for each in decisions(memory, ON, 60) if each.why.endswith("cross-check")]
    assert rest == []


@pytest.mark.parametrize("kind", EFFECTS)
def test_planted_revisions_end_as_they_should(kind: str) -> None:
    """Twelve of each; make bench-blueprints runs a hundred."""
    assert right(kind, trials(kind, 12, first_seed=500)) >= 11


def test_equal_revisions_in_a_row_are_not_adopted_by_patience() -> None:
    world = World(77)
    assert [world.try_revision(0.0).ended == "adopted" for _ in range(CHAIN)] == [False] * CHAIN
