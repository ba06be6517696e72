"""Certificates: what is proven of one learned thing by its own coin."""

import itertools
import math

import numpy as np
import pytest

from memory.evidence.certificates import Certificates, Trial, predictions, threshold


def trial(key: str = "a@1", *, shown: bool = True, probability: float = 0.9, baseline: float = 0.0) -> Trial:
    return Trial(key, shown=shown, probability=probability, baseline=baseline)


def lived(certificates: Certificates, *, units: int, helps: bool, key: str = "a@1", probability: float = 0.5) -> None:
    """Units of which every other one sees it, and in which it alone decides."""
    certificates.enter([key])
    for number in range(units):
        shown = number % 2 == 0
        certificates.settle([trial(key, shown=shown, probability=probability)], passed=shown == helps)


def test_over_all_coins_the_mean_of_a_certificate_is_one_whatever_the_outcomes_do() -> None:
    for part, passes in itertools.product((0, 1), itertools.product((False, True), repeat=4)):
        mean = 0.0
        for coins in itertools.product((False, True), repeat=4):
            certificates, chance = Certificates(), 1.0
            certificates.enter(["a@1"])
            for shown, passed in zip(coins, passes, strict=True):
                certificates.settle([trial(shown=shown, baseline=0.3)], passed=passed)
                chance *= 0.9 if shown else 0.1
            mean += chance * math.exp((certificates.log_helps("a@1"), certificates.log_harms("a@1"))[part])
        assert mean == pytest.approx(1, rel=1e-12)


def test_what_helps_is_certified_and_what_harms_is_retired_and_both_stay_so() -> None:
    certificates = Certificates()
    lived(certificates, units=60, helps=True, key="good@1")
    lived(certificates, units=60, helps=False, key="bad@1")
    assert [certificates.verdict(key) for key in ("good@1", "bad@1", "new@1")] == ["certified", "retired", None]
    lived(certificates, units=40, helps=False, key="good@1")
    assert certificates.verdict("good@1") == "certified"


def test_settling_tells_once_of_what_crossed_its_bound() -> None:
    certificates = Certificates()
    certificates.enter(["a@1"])
    told = [certificates.settle([trial(shown=n % 2 == 0, probability=0.5)], passed=n % 2 == 0) for n in range(40)]
    assert [each for each in told if each] == [["a@1"]]


def test_the_bound_rises_with_the_order_of_first_nominations_and_a_new_version_counts_anew() -> None:
    certificates = Certificates()
    certificates.enter(["a@1", "b@1"])
    certificates.enter(["b@1", "a@2"])
    assert [certificates.order(key) for key in ("a@1", "b@1", "a@2", "c@1")] == [1, 2, 3, 0]
    assert np.exp(threshold(np.array([1, 2, 3]))).tolist() == pytest.approx([20, 60, 120])


def test_the_chances_of_false_badges_add_up_to_a_tenth() -> None:
    assert np.exp(-threshold(np.arange(1, 100_000))).sum() == pytest.approx(0.1, abs=1e-5)


def test_the_prediction_lies_between_what_is_expected_with_and_without_the_effect() -> None:
    found = predictions(0.4)
    assert (found[:8] > 1 / (1 + math.exp(-0.4))).all()
    assert (found[8:] < 1 / (1 + math.exp(-0.4))).all()


def test_several_nominees_of_a_unit_have_evidence_of_their_own() -> None:
    both, alone = Certificates(), Certificates()
    both.enter(["a@1", "b@1"])
    alone.enter(["a@1"])
    for number in range(30):
        ours = trial(shown=number % 3 > 0, probability=0.7)
        both.settle([ours, trial("b@1", shown=number % 2 > 0)], passed=number % 3 > 0)
        alone.settle([ours], passed=number % 3 > 0)
    assert both.log_helps("a@1") == pytest.approx(alone.log_helps("a@1"))
    assert both.log_helps("b@1") != pytest.approx(both.log_helps("a@1"))


def test_there_is_room_for_many_and_each_keeps_its_counts() -> None:
    certificates = Certificates()
    for number in range(100):
        certificates.enter([f"r{number}@1"])
        certificates.settle([trial(f"r{number}@1", shown=number % 2 == 0)], passed=number % 3 == 0)
    assert len(certificates) == 100
    assert certificates.counts("r0@1") == (1, 0, 0, 0)
    assert certificates.counts("r1@1") == (0, 0, 0, 1)
    assert certificates.counts("r2@1") == (0, 1, 0, 0)
    assert certificates.counts("r3@1") == (0, 0, 1, 0)


def test_support_is_the_e_bh_set_of_now_and_may_vanish_again() -> None:
    certificates = Certificates()
    certificates.enter([f"r{number}@1" for number in range(20)])
    lived(certificates, units=60, helps=True, key="r7@1")
    assert certificates.supported() == {"r7@1"}
    lived(certificates, units=200, helps=False, key="r7@1")
    assert certificates.supported() == set()
    assert Certificates().supported() == set()


@pytest.mark.parametrize("seed", range(8))
def test_it_does_not_matter_when_somebody_looks(seed: int) -> None:
    random, keys = np.random.default_rng(seed), [f"r{number}@1" for number in range(1 + 2 * seed)]
    watched, left = Certificates(), Certificates()
    for certificates in (watched, left):
        certificates.enter(keys)
    for _ in range(800):
        helps = random.random() < 0.5
        nominees = random.choice(keys, size=min(3, len(keys)), replace=False).tolist()
        coins = [
            trial(key, shown=random.random() < 0.7 or helps, probability=0.7, baseline=random.normal())
            for key in nominees
        ]
        told = watched.settle(coins, passed=helps), left.settle(coins, passed=helps)
        assert told[0] == told[1]
        assert all(math.isfinite(watched.log_helps(key)) for key in keys)
        assert [watched.verdict(key) for key in keys] == [left.verdict(key) for key in keys]
    assert any(watched.verdict(key) == "certified" for key in keys)
    assert [watched.peaks(key) for key in keys] == [left.peaks(key) for key in keys]
    assert [(watched.log_helps(key), watched.log_harms(key)) for key in keys] == [
        (left.log_helps(key), left.log_harms(key)) for key in keys
    ]
    assert watched.supported() == left.supported()
