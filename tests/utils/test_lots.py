"""Lots: the same for the same seed, unit and purpose, on every machine and in every version of numpy."""

from hypothesis import given
from hypothesis import strategies as st

from utils.lots import Lots, says_yes

words = st.text(max_size=10)


def test_the_bits_are_those_that_they_have_always_been() -> None:
    lots = Lots(11, "abcdef12-000001", "holdout")
    assert [lots.draw(), lots.draw()] == [16844629374675643931, 9491424919507406712]


@given(st.integers(0, 2**63 - 1), words, words)
def test_the_same_key_gives_the_same_stream(seed: int, unit: str, purpose: str) -> None:
    first, second = Lots(seed, unit, purpose), Lots(seed, unit, purpose)
    assert [first.draw() for _ in range(3)] == [second.draw() for _ in range(3)]


def test_neither_unit_nor_purpose_nor_seed_can_be_taken_for_another() -> None:
    keys = [(1, "a", "b"), (1, "ab", ""), (1, "b", "a"), (11, "a", "b"), (1, 'a", "b', "")]
    assert len({Lots(*key).draw() for key in keys}) == len(keys)


def test_coins_come_up_as_often_as_they_should() -> None:
    lots = Lots(1, "unit", "coin")
    said = [says_yes(lots.draw(), probability=0.2) for _ in range(20_000)]
    assert 0.19 < sum(said) / len(said) < 0.21


def test_a_coin_of_one_always_says_yes_and_one_of_zero_never() -> None:
    assert says_yes(2**64 - 1, probability=1.0)
    assert not says_yes(0, probability=0.0)


def test_normal_draws_are_standard_and_a_longer_array_begins_like_a_shorter_one() -> None:
    draws = Lots(3, "unit", "z").normals(50_000)
    assert abs(draws.mean()) < 0.02
    assert abs(draws.std() - 1) < 0.02
    assert abs((draws > 1.6448536).mean() - 0.05) < 0.005
    assert Lots(3, "unit", "z").normals(5).tolist() == draws[:5].tolist()
    assert Lots(3, "unit", "z").normals(0).tolist() == []
