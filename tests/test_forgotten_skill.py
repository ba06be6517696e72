"""A skill that the simulated Builder loses half-way through a night is noticed within 40 cycles, and shown."""

import re

from benchmarks.forgotten import WITHIN, delay, night_with_a_loss, ordinary_night

HALF = 150
FORECASTS = re.compile(
    r"Forecasts of passing: Brier score 0\.\d{3}, (no )?better than the best constant's 0\.\d{3} \(120 attempts\)\."
)


def test_a_lost_skill_is_noticed_within_forty_cycles_and_shown() -> None:
    seed, skill = 1, "strings"
    told = night_with_a_loss(seed, skill, before=HALF, after=WITHIN)
    late = delay(told, skill, before=HALF)
    assert late is not None
    assert 0 < late <= WITHIN
    fall = next(each for each in told.falls if each.skill == skill and each.unit > HALF)
    assert fall.failures > fall.expected
    assert [note for note in told.notes if note.startswith(f"noticed: {skill} got worse: since attempt {fall.since}, ")]
    words = f"Noticed at attempt {fall.unit}: {skill} got worse; since attempt {fall.since}, {fall.failures} of "
    assert words in told.summary
    assert words in told.analysed[-1]


def test_a_night_in_which_nothing_is_lost_tells_of_no_loss() -> None:
    told = ordinary_night(4, 120)
    assert told.falls == ()
    assert not [note for note in told.notes if "got worse" in note]
    assert "got worse" not in told.summary
    assert FORECASTS.fullmatch(told.forecasts)
