"""`python utils/cli.py power ...` as people type it."""

import pytest

from tests.running import cli, cli_json


def test_a_halved_hazard_takes_about_as_many_attempts_as_one_look_at_the_end() -> None:
    """Within the marks: the median within 1.0, the 80 % quantile within 1.7 of the z-test's 158."""
    found = cli_json("power", "--from", "0.34", "--to", "0.12", "--seeds", "2000")
    answer = {each["holdout"]: each for each in found["by_holdout"]}[0.2]
    assert answer["z_test"] == 158
    assert answer["median"] / 158 == pytest.approx(0.835, abs=0.05)
    assert answer["quantile_80"] / 158 == pytest.approx(1.55, abs=0.08)
    assert answer["quantile_90"] > answer["quantile_80"]
    assert answer["price_of_100"] == pytest.approx(100 * 0.2 * 0.22)
    assert answer["price"] == pytest.approx(answer["median"] * 0.2 * 0.22, abs=0.06)


def test_more_controls_prove_sooner_and_cost_more_per_attempt() -> None:
    found = cli_json("power", "--effect", "1", "--base", "0.4", "--seeds", "300", "--holdout", "0.25")["by_holdout"]
    assert [each["holdout"] for each in found] == [0.05, 0.1, 0.2, 0.25, 0.3, 0.5]
    medians = [
        each["median"] for each in found if each["holdout"] in {0.05, 0.1, 0.2, 0.5}
    ]  # 0.2 to 0.3 is within noise
    assert medians == sorted(medians, reverse=True)
    prices = [each["price_of_100"] for each in found]
    assert prices == sorted(prices)


def test_people_read_a_sentence_for_their_question() -> None:
    ran = cli("power", "--from", "0.4", "--to", "0.7", "--units", "200", "--seeds", "300")
    assert (ran.code, ran.err) == (0, "")
    first, second, third, *_ = ran.out.splitlines()
    assert first.startswith("from 0.4 to 0.7 of attempts passed, 0.2 controls, proof at 1/0.05 = 20, 300 simulated")
    assert second.startswith("a proof within 200 attempts: ")
    assert "valid only for one look at the end" in third
    assert [line.split("\t")[0] for line in ran.out.splitlines()[-5:]] == ["0.05", "0.1", "0.2", "0.3", "0.5"]


def test_the_units_that_a_wanted_power_needs_have_that_power() -> None:
    question = ("power", "--from", "0.4", "--to", "0.7", "--seeds", "500")
    needed = _at(cli_json(*question, "--power", "0.9"), 0.2)["needed"]
    assert _at(cli_json(*question, "--units", str(needed)), 0.2)["proven"] == pytest.approx(0.9, abs=0.01)


def _at(found: dict[str, list[dict[str, float]]], holdout: float) -> dict[str, float]:
    return next(each for each in found["by_holdout"] if each["holdout"] == holdout)


def test_a_share_at_which_the_effect_is_out_of_reach_is_said_to_be_so() -> None:
    found = cli_json("power", "--from", "0.5", "--to", "0.53", "--holdout", "0.5", "--seeds", "2")
    first = found["by_holdout"][0]
    assert (first["simulated"], first["median"], first["price"]) == (False, None, None)
    assert first["z_test"] > found["most_units"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--effect, or both --from and --to"),
        (("--effect", "0"), "--effect: a number of logits other than 0"),
        (("--effect", "nan"), "--effect: a number of logits other than 0"),
        (("--effect", "inf"), "--effect: a number of logits other than 0"),
        (("--effect", "1", "--from", ".3"), "--effect: give it with --base"),
        (("--effect", "1", "--base", "1"), "--base: a number between 0 and 1"),
        (("--from", ".3"), "--effect, or both --from and --to"),
        (("--from", ".3", "--to", "1.2"), "--to: a rate between 0 and 1"),
        (("--from", "nan", "--to", ".5"), "--from: a rate between 0 and 1"),
        (("--from", ".3", "--to", ".3"), "--to: it is the same as --from"),
        (("--from", ".3", "--to", ".5", "--base", ".2"), "--base: it belongs to --effect"),
        (("--from", ".5", "--to", ".501"), "the effect is too small"),
        (("--effect", "1", "--holdout", "0"), "--holdout: a number between 0 and 1"),
        (("--effect", "1", "--holdout", "nan"), "--holdout: a number between 0 and 1"),
        (("--effect", "1", "--alpha", "1"), "--alpha: a number between 0 and 1"),
        (("--effect", "1", "--units", "0"), "--units: a whole number from 1 to 20000"),
        (("--effect", "1", "--power", ".99"), "--power: a number above 0 and at most 0.95"),
        (("--effect", "1", "--power", ".8", "--units", "9"), "--power: one of --units and --power is enough"),
        (("--effect", "1", "--seeds", "100000000"), "--seeds: a whole number from 1 to 20000"),
        (("--effect", "1e-9"), "the effect is too small"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(options: tuple[str, ...], said: str) -> None:
    ran = cli("power", *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith(f"error: {said}")
