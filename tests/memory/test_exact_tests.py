import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.evidence.exact_tests import Counts, Effect, effect_of, randomisation_test


def two_arms() -> st.SearchStrategy[Counts]:
    return st.tuples(st.integers(0, 12), st.integers(0, 12)).flatmap(
        lambda sizes: st.builds(
            Counts, st.integers(0, sizes[0]), st.just(sizes[0]), st.integers(0, sizes[1]), st.just(sizes[1])
        )
    )


@pytest.mark.parametrize(
    ("counts", "p"),
    [
        (Counts(3, 4, 1, 4), 34 / 70),  # Fisher's lady with one cup of each kind wrong
        (Counts(4, 4, 0, 4), 2 / 70),  # with none wrong
        (Counts(8, 10, 1, 6), 0.03496503496503497),  # the example of scipy.stats.fisher_exact
        (Counts(1, 12, 9, 12), 0.0027594561),  # dieting men and women, 1 and 9 of 12
        (Counts(0, 0, 3, 5), 1.0),
    ],
)
def test_the_two_sided_p_has_its_published_values(counts: Counts, p: float) -> None:
    assert randomisation_test(counts).two_sided == pytest.approx(p, rel=1e-6)


@pytest.mark.parametrize("share", [0.2, 0.5])
@pytest.mark.parametrize("observed", [0, 5, 21, 42])
def test_it_is_the_randomisation_test_of_the_coins_given_the_size_of_the_arms(share: float, observed: int) -> None:
    """Every way in which seven coins of this probability can fall, weighed, with the outcomes as they are."""
    outcomes = (1, 0, 1, 1, 0, 1, 0)
    ways = [arms for arms in itertools.product((0, 1), repeat=7) if sum(arms) in {2, 3, 4}]
    seen = ways[observed]
    passed = sum(y for y, arm in zip(outcomes, seen, strict=True) if arm)
    treated = sum(seen)
    weighed = [
        (
            (1 - share) ** sum(arms) * share ** (7 - sum(arms)),
            sum(y for y, arm in zip(outcomes, arms, strict=True) if arm),
        )
        for arms in ways
        if sum(arms) == treated
    ]
    expected = sum(w for w, k in weighed if k >= passed) / sum(w for w, _ in weighed)
    found = randomisation_test(Counts(passed, treated, sum(outcomes) - passed, 7 - treated))
    assert found.more == pytest.approx(expected, rel=1e-12)


@given(two_arms())
def test_exact_p_values_hold_what_they_promise(counts: Counts) -> None:
    """Given the margins, p <= x with probability at most x; the mid-p lies below p and above its half."""
    passed = counts.treated_passed + counts.control_passed
    first, last = max(0, passed - counts.control), min(passed, counts.treated)
    total = math.comb(counts.treated + counts.control, passed)
    chance = {
        k: math.comb(counts.treated, k) * math.comb(counts.control, passed - k) / total for k in range(first, last + 1)
    }
    p = {k: randomisation_test(Counts(k, counts.treated, passed - k, counts.control)) for k in chance}
    for found in p.values():
        assert sum(chance[k] for k in p if p[k].two_sided <= found.two_sided) <= found.two_sided + 1e-9
        assert found.two_sided / 2 <= found.mid <= found.two_sided <= 1
    seen = p[counts.treated_passed]
    assert seen.more + seen.fewer == pytest.approx(1 + chance[counts.treated_passed])


@given(two_arms())
def test_swapping_the_arms_swaps_the_sides(counts: Counts) -> None:
    swapped = Counts(counts.control_passed, counts.control, counts.treated_passed, counts.treated)
    one, other = randomisation_test(counts), randomisation_test(swapped)
    assert (one.two_sided, one.mid, one.more, one.fewer) == (other.two_sided, other.mid, other.fewer, other.more)
    effect, mirrored = effect_of(counts), effect_of(swapped)
    if effect is None or mirrored is None:
        assert (effect, mirrored) == (None, None)
        return
    assert (effect.difference, effect.low) == pytest.approx((-mirrored.difference, -mirrored.high), abs=1e-12)
    assert effect.odds_ratio * mirrored.odds_ratio == pytest.approx(1)
    assert -1 - 1e-5 <= effect.low <= effect.difference <= effect.high <= 1 + 1e-5


def test_thousands_of_sessions_take_no_time() -> None:
    assert randomisation_test(Counts(1100, 2000, 1000, 2000)).two_sided == pytest.approx(0.00171, rel=0.01)


def test_newcombe_s_interval_has_its_published_values() -> None:
    """56 of 70 against 48 of 80: 1998, table II, example (a), method 10."""
    effect = effect_of(Counts(56, 70, 48, 80))
    assert effect is not None
    assert (effect.difference, effect.low, effect.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert effect.odds_ratio == pytest.approx(56 * 32 / (14 * 48))


def test_an_odds_ratio_with_an_empty_cell_is_finite() -> None:
    effect = effect_of(Counts(3, 3, 1, 3))
    assert isinstance(effect, Effect)
    assert effect.odds_ratio == pytest.approx(3.5 * 2.5 / (0.5 * 1.5))


@pytest.mark.parametrize(("size", "smallest"), [(10, 0.884), (20, 0.899), (50, 0.920)])
def test_the_interval_covers_as_often_as_its_docstring_says(size: int, smallest: float) -> None:
    counts = range(size + 1)
    found = {(a, b): effect_of(Counts(a, size, b, size)) for a in counts for b in counts}
    low = np.array([[effect.low if (effect := found[a, b]) else 0 for b in counts] for a in counts])
    high = np.array([[effect.high if (effect := found[a, b]) else 0 for b in counts] for a in counts])
    rates = np.linspace(0.01, 0.99, 50)
    ways = np.array([math.comb(size, k) for k in counts])
    chance = ways * rates[:, None] ** np.arange(size + 1) * (1 - rates[:, None]) ** (size - np.arange(size + 1))
    covered = [
        float(chance[i] @ ((low <= p - q) & (p - q <= high)) @ chance[j])
        for i, p in enumerate(rates)
        for j, q in enumerate(rates)
    ]
    assert min(covered) == pytest.approx(smallest, abs=0.001)
    assert np.mean(covered) == pytest.approx(0.952, abs=0.002)


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="no counts of two arms"):
        Counts(5, 4, 0, 1)
