import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.builder_model import (
    ABILITY,
    DEVIATION,
    DIFFICULTY,
    EFFECT,
    Belief,
    BuilderModel,
    Practice,
    expected_pass,
    logistic,
    logit,
)

outcomes = st.sampled_from((0.0, 1.0, 0.3))
practices = st.builds(
    Practice,
    task=st.sampled_from("tuvw"),
    difficulty=st.sampled_from((0.0, 0.4, 0.5, 1.0)),
    skills=st.lists(st.sampled_from(("a", "b", "c")), min_size=1, max_size=3, unique=True).map(tuple),
    rules=st.lists(st.sampled_from(("r@1", "s@1", "s@2")), max_size=3, unique=True).map(tuple),
)
histories = st.lists(st.tuples(practices, outcomes), max_size=30)


def practice(
    task: str = "t", *, difficulty: float = 0.5, skills: tuple[str, ...] = ("a",), rules: tuple[str, ...] = ()
) -> Practice:
    return Practice(task=task, difficulty=difficulty, skills=skills, rules=rules)


def after(*happened: tuple[Practice, float]) -> BuilderModel:
    model = BuilderModel()
    for each, outcome in happened:
        model.observe(each, outcome)
    return model


def ornstein_uhlenbeck(belief: Belief, *, prior: Belief, half_lives: float) -> Belief:
    keep = 0.5**half_lives
    return Belief(
        prior.mean + keep * (belief.mean - prior.mean), keep**2 * belief.variance + (1 - keep**2) * prior.variance
    )


class TestPriors:
    def test_nothing_is_known_at_first(self) -> None:
        model = BuilderModel()
        assert model.ability("a") == Belief(0.0, 2.0)
        assert model.effect("r@1", skills=()) == Belief(0.0, 0.0625)
        assert model.effect("r@1", skills=("a", "b")) == Belief(0.0, 0.0625 + 2 * 0.0625 / 4)
        assert [model.difficulty("t", declared=each) for each in (0.0, 0.5, 1.0)] == [
            Belief(-3.0, 1.0), Belief(0.0, 1.0), Belief(3.0, 1.0),
        ]  # fmt: skip

    def test_a_unit_adds_up_its_parts_with_their_weights(self) -> None:
        found = BuilderModel().belief(practice(difficulty=0.75, skills=("a", "b"), rules=("r@1", "s@1")))
        assert found == Belief(-1.5, 1.0 + 2 * 2.0 / 4 + 2 * (0.0625 + 2 * 0.0625 / 4))

    def test_the_forecast_is_the_mean_of_the_logistic(self) -> None:
        draws = np.random.default_rng(1).standard_normal(400_000)
        for mean, variance in ((0.0, 3.0), (1.5, 3.0), (-2.0, 1.0), (3.0, 0.1)):
            exact = float(np.mean(1 / (1 + np.exp(-(mean + math.sqrt(variance) * draws)))))
            assert expected_pass(Belief(mean, variance)) == pytest.approx(exact, abs=0.02)

    @pytest.mark.parametrize("value", [-800.0, -1.0, 0.0, 30.0, 800.0])
    def test_the_logistic_never_overflows(self, value: float) -> None:
        assert 0 <= logistic(value) <= 1

    def test_logit_undoes_the_logistic(self) -> None:
        assert logit(logistic(1.25)) == pytest.approx(1.25)


class TestOneOutcome:
    def test_moves_every_active_belief_by_the_formula(self) -> None:
        # derived anew; the features are b, two thetas, a rule and its deviations in two skills
        signs = np.array([-1.0, 0.5, 0.5, 1.0, 0.5, 0.5])
        means = np.array([1.2, 0.0, 0.0, 0.0, 0.0, 0.0])
        variances = np.array([1.0, 2.0, 2.0, 0.0625, 0.0625, 0.0625])
        total, spread = float(signs @ means), float(signs**2 @ variances)
        mode = minimum(lambda a: (a - total) ** 2 / (2 * spread) + math.log1p(math.exp(a)) - a)
        pull, curvature = 1 - logistic(mode), logistic(mode) * (1 - logistic(mode))
        means = means + signs * variances * pull
        variances = variances - signs**2 * variances**2 * curvature / (1 + spread * curvature)

        model = after((practice(difficulty=0.7, skills=("a", "b"), rules=("r@1",)), 1.0))
        effect = model.effect("r@1", skills=())
        whole = model.effect("r@1", skills=("a", "b"))
        found = [model.difficulty("t", declared=0), model.ability("a"), model.ability("b"), effect]
        assert [each.mean for each in found] == pytest.approx(means[:4], abs=1e-6)
        assert [each.variance for each in found] == pytest.approx(variances[:4], abs=1e-6)
        assert whole.mean == pytest.approx(means[3] + (means[4] + means[5]) / 2, abs=1e-6)
        assert whole.variance == pytest.approx(variances[3] + (variances[4] + variances[5]) / 4, abs=1e-6)

    @pytest.mark.parametrize("outcome", [0.0, 0.3, 1.0])
    @pytest.mark.parametrize("difficulty", [0.2, 0.5, 0.9])
    def test_agrees_with_the_posterior_on_a_grid(self, outcome: float, difficulty: float) -> None:
        theta, b = np.meshgrid(np.linspace(-9, 9, 901), np.linspace(-9, 9, 901), indexing="ij")
        odds = -(theta**2) / 4 - (b - 6 * (difficulty - 0.5)) ** 2 / 2
        odds += outcome * (theta - b) - np.logaddexp(0, theta - b)
        weight = np.exp(odds - odds.max())
        weight /= weight.sum()
        exact = [float((weight * each).sum()) for each in (theta, b)]
        top = np.unravel_index(int(np.argmax(odds)), odds.shape)

        model = after((practice(difficulty=difficulty), outcome))
        found = [model.ability("a"), model.difficulty("t", declared=0)]
        # a Laplace step gives the mode, to the width of the grid; the means differ by the skewness of the posterior
        assert [each.mean for each in found] == pytest.approx([theta[top], b[top]], abs=0.011)
        assert [each.mean for each in found] == pytest.approx(exact, abs=0.2)
        spreads = [float((weight * (each - mean) ** 2).sum()) for each, mean in zip((theta, b), exact, strict=True)]
        assert [each.variance for each in found] == pytest.approx(spreads, rel=0.15)

    @given(histories, practices)
    def test_a_pass_raises_the_forecast_and_a_failure_lowers_it(
        self, history: list[tuple[Practice, float]], now: Practice
    ) -> None:
        passed, failed, idle = after(*history, (now, 1.0)), after(*history, (now, 0.0)), after(*history)
        idle.pass_by()
        assert failed.belief(now).mean < idle.belief(now).mean < passed.belief(now).mean

    @given(histories, practices)
    def test_every_look_makes_what_is_believed_of_the_unit_surer(
        self, history: list[tuple[Practice, float]], now: Practice
    ) -> None:
        idle, seen = after(*history), after(*history, (now, 0.0))
        idle.pass_by()
        assert 0 < seen.belief(now).variance < idle.belief(now).variance

    def test_a_graded_outcome_pulls_between_a_failure_and_a_pass(self) -> None:
        means = [after((practice(), outcome)).ability("a").mean for outcome in (0.0, 0.25, 0.5, 0.75, 1.0)]
        assert means == sorted(means)
        assert means[2] == pytest.approx(0.0, abs=1e-12)
        assert means[1] == pytest.approx(-means[3])

    def test_tells_nothing_of_skills_tasks_and_rules_that_took_no_part(self) -> None:
        model = after((practice(rules=("r@1",)), 1.0))
        assert (model.ability("b"), model.difficulty("u", declared=0.5)) == (Belief(0.0, 2.0), Belief(0.0, 1.0))
        assert model.effect("s@1", skills=("a",)) == Belief(0.0, 0.125)
        assert model.effect("r@2", skills=("a",)) == Belief(0.0, 0.125)


def minimum(cost: Callable[[float], float]) -> float:
    """By halving the interval (golden-section search), so that nothing of the model's own way is used."""
    low, high, golden = -40.0, 40.0, (math.sqrt(5) - 1) / 2
    while high - low > 1e-9:
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if cost(left) < cost(right) else (left, high)
    return (low + high) / 2


class TestForgetting:
    def test_half_of_what_was_learned_of_a_skill_is_left_after_200_units(self) -> None:
        model = after((practice(), 1.0))
        before = model.ability("a")
        for _ in range(200):
            model.pass_by()
        expected = ornstein_uhlenbeck(before, prior=Belief(ABILITY.mean, ABILITY.variance), half_lives=1)
        assert model.ability("a").mean == pytest.approx(before.mean / 2)
        assert model.ability("a").variance == pytest.approx(expected.variance)

    def test_what_was_learned_of_a_rule_is_left_by_half_after_5000_units(self) -> None:
        model = after((practice(rules=("r@1",)), 1.0))
        before, in_skill = model.effect("r@1", skills=()), model.effect("r@1", skills=("a",))
        for _ in range(5000):
            model.pass_by()
        left, left_in_skill = model.effect("r@1", skills=()), model.effect("r@1", skills=("a",))
        assert left.mean == pytest.approx(before.mean / 2)
        assert left.variance == pytest.approx(before.variance / 4 + 0.75 * EFFECT.variance)
        assert left_in_skill.mean == pytest.approx(in_skill.mean / 2)
        assert left_in_skill.variance == pytest.approx(
            in_skill.variance / 4 + 0.75 * (EFFECT.variance + DEVIATION.variance)
        )

    def test_a_task_s_difficulty_is_not_forgotten(self) -> None:
        model = after((practice(), 1.0))
        before = model.difficulty("t", declared=0.5)
        for _ in range(1000):
            model.pass_by()
        assert model.difficulty("t", declared=0.5) == before
        assert before.variance < DIFFICULTY.variance

    @given(histories, practices)
    def test_reading_changes_nothing(self, history: list[tuple[Practice, float]], asked: Practice) -> None:
        silent, asked_about = BuilderModel(), BuilderModel()
        for each, outcome in history:
            asked_about.forecast(asked)
            asked_about.effect("r@1", skills=("a", "c"))
            silent.observe(each, outcome)
            asked_about.observe(each, outcome)
        assert asked_about.belief(asked) == silent.belief(asked)

    @given(histories, st.integers(0, 300))
    def test_time_passes_alike_in_one_go_and_step_by_step(
        self, history: list[tuple[Practice, float]], units: int
    ) -> None:
        model = after(*history)
        before = model.ability("a")
        for _ in range(units):
            model.pass_by()
        expected = ornstein_uhlenbeck(before, prior=Belief(0.0, 2.0), half_lives=units / 200)
        assert model.ability("a").mean == pytest.approx(expected.mean)
        assert model.ability("a").variance == pytest.approx(expected.variance)


rule_keys = st.sampled_from(("r@1", "s@1", "s@2", "new@1", "other@1"))
scopes = st.sampled_from((("a",), ("a", "b", "z"), ()))


@given(histories, st.sets(rule_keys, min_size=1), scopes)
def test_many_rules_at_once_are_the_same_as_one_by_one(
    history: list[tuple[Practice, float]], rules: set[str], skills: tuple[str, ...]
) -> None:
    model = after(*history)
    names = sorted(rules)
    together = model.effects(np.array([model.rule_number(each) for each in names], dtype=np.intp), skills=skills)
    alone = [model.effect(each, skills=skills) for each in names]
    assert together.mean.tolist() == [each.mean for each in alone]
    assert together.variance.tolist() == [each.variance for each in alone]


def test_ten_thousand_rules_have_beliefs_of_their_own() -> None:
    model = BuilderModel()
    numbers = np.array([model.rule_number(f"rule-{number}@1") for number in range(10_000)], dtype=np.intp)
    for _ in range(30):
        model.observe(practice(rules=("rule-9999@1",)), 1.0)
        model.observe(practice(rules=("rule-17@1",)), 0.0)
    effects = model.effects(numbers, skills=("a", "b"))
    best, worst = int(np.argmax(effects.mean)), int(np.argmin(effects.mean))
    assert (best, worst, len(effects.mean)) == (9999, 17, 10_000)
    assert np.count_nonzero(effects.mean) == 2


def recovery(seed: int) -> float:
    """The correlation of 8 planted abilities with what 300 units show of them; tasks are harder or easier than said."""
    random = np.random.default_rng(seed)
    abilities, offsets, declared = random.normal(0, 1.5, 8), random.normal(0, 1, (8, 10)), random.uniform(0, 1, (8, 10))
    model = BuilderModel()
    for _ in range(300):
        skill, task = int(random.integers(8)), int(random.integers(10))
        odds = abilities[skill] - 6 * (declared[skill, task] - 0.5) - offsets[skill, task]
        now = practice(f"{skill}-{task}", difficulty=float(declared[skill, task]), skills=(str(skill),))
        model.observe(now, float(random.random() < logistic(odds)))
    found = [model.ability(str(skill)).mean for skill in range(8)]
    return float(np.corrcoef(found, abilities)[0, 1])


def test_planted_abilities_are_recovered() -> None:
    assert np.mean([recovery(seed) for seed in range(6)]) > 0.8


def test_a_planted_effect_of_a_rule_is_recovered() -> None:
    random, model = np.random.default_rng(3), BuilderModel()
    for _ in range(1500):
        shown = [name for name in ("good@1", "idle@1", "bad@1") if random.random() < 0.5]
        odds = ("good@1" in shown) - ("bad@1" in shown) + 0.2
        now = practice(str(random.integers(20)), rules=tuple(shown))
        model.observe(now, float(random.random() < logistic(float(odds))))
    good, idle, bad = (model.effect(name, skills=("a",)) for name in ("good@1", "idle@1", "bad@1"))
    assert good.mean - 2 * good.sd > 0 > bad.mean + 2 * bad.sd
    assert abs(idle.mean) < 2 * idle.sd
