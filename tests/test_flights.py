"""Whole simulated nights through the real loop: what controls see, and whether planted rules are found."""

from collections import defaultdict
from pathlib import Path
from statistics import mean

import pytest

from benchmarks.bench_night import SEEDS, UNITS, nights
from benchmarks.nights import Night, fly
from builder.prompting import Prompts
from memory.beginnings import given_tasks
from memory.digests import normalised_rule
from memory.event_lines import read_chain
from memory.events import Analysed, Decided, Event, Finished, RuleAdded
from tests.utils.rehearsal.worlds import weak_truths_file
from utils.completions import Completion
from utils.rehearsal.truths import Truths
from utils.rehearsal.worlds import Kind, planted_night

NIGHTS = (1, 2)


class Heard:
    """A night with everything that the model was asked, by unit, and the log."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.asked: dict[str, list[Completion]] = defaultdict(list)
        _, rules = planted_night(seed=seed)
        night = Night(seed=seed, units=70, policy="builder-trainer", truths=Truths.default(), rules=rules[:10])
        fly(night, folder, overhear=lambda completion: self.asked[completion.unit].append(completion))
        self.events: list[Event] = [event for event, _ in read_chain(folder / "events")]

    @property
    def decided(self) -> list[Decided]:
        return [event.data for event in self.events if isinstance(event.data, Decided)]

    def told(self, unit: str) -> str:
        """All that the Builder's prompts of a unit say, its own replies left out."""
        return "\n".join(
            message.content for each in self.asked[unit] for message in each.messages if message.role != "assistant"
        )


@pytest.fixture(scope="module", params=NIGHTS, ids=lambda seed: f"night {seed}")
def heard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Heard:
    return Heard(tmp_path_factory.mktemp("night") / "memory", request.param)


def test_the_prompts_of_a_control_are_those_of_a_memory_that_learned_nothing(heard: Heard) -> None:
    prompts = Prompts(failure_chars=4000)
    tasks = {task.id: task for task in given_tasks(())}
    controls = [each.spec for each in heard.decided if each.assignment and each.assignment.control]
    assert len(controls) >= 5
    for spec in controls:
        bare = prompts.solve(tasks[spec.task_id])
        for request in heard.asked[spec.unit_id][:-1]:  # the last one is the reflection's
            assert [message.content for message in request.messages[:2]] == [prompts.system(), bare]


def test_no_learned_text_is_in_any_prompt_of_a_control(heard: Heard) -> None:
    learned: set[str] = set()
    for event in heard.events:
        match event.data:
            case RuleAdded(text=text):
                learned.add(text)
            case Finished(result=result) if result.reflection is not None:
                learned |= {result.reflection.rule, result.reflection.lesson} - {""}
            case Decided(spec=spec, assignment=assignment) if assignment is not None and assignment.control:
                told = normalised_rule(heard.told(spec.unit_id))
                assert not [text for text in learned if normalised_rule(text) in told]
                assert "From earlier attempts" not in heard.told(spec.unit_id)
            case _:
                pass
    assert learned


def test_what_the_coins_let_through_is_in_the_prompts_and_what_they_dropped_is_not(heard: Heard) -> None:
    texts = {rule.id: rule.text for decided in heard.decided for rule in decided.spec.shown_rules}
    dropped = shown = 0
    for decided in heard.decided:
        told = normalised_rule(heard.told(decided.spec.unit_id))
        for rule in decided.spec.shown_rules:
            shown += 1
            assert normalised_rule(rule.text) in told
        for nominee in decided.assignment.nominees if decided.assignment else ():
            if nominee.dropped and nominee.key in texts:
                dropped += 1
                assert normalised_rule(texts[nominee.key]) not in told
    assert shown > 20
    assert dropped > 0


def test_every_forecast_was_made_before_and_every_coin_is_in_the_log(heard: Heard) -> None:
    assert all(decided.forecast is not None and 0 < decided.forecast < 1 for decided in heard.decided)
    with_nominees = [each for each in heard.decided if each.assignment]
    assert len(with_nominees) > 50
    assert all(each.assignment is not None and each.assignment.nominees for each in with_nominees)


@pytest.mark.parametrize("weak", ["recursion", "dates", "lists"])
def test_the_analysis_names_the_weakness_that_the_truth_file_planted(tmp_path: Path, weak: str) -> None:
    truths = Truths.load(weak_truths_file(tmp_path, weak))
    fly(Night(seed=7, units=120, policy="builder-trainer", truths=truths, rules=()), tmp_path / "memory")
    happened = [event.data for event, _ in read_chain(tmp_path / "memory" / "events")]
    analysis = [data.analysis for data in happened if isinstance(data, Analysed)][-1]
    assert analysis.weakest == weak
    assert f"Weakest: {weak}, expected to pass" in analysis.summary


@pytest.mark.night
def test_in_one_night_the_rules_that_help_are_found(tmp_path: Path) -> None:
    flown = nights("builder-trainer", seeds=SEEDS, units=UNITS)
    shown = {kind: mean(night.shown[kind] for night in flown) for kind in Kind}
    assert shown[Kind.HELPFUL] >= 8 * shown[Kind.USELESS]
    assert shown[Kind.HARMFUL] < shown[Kind.USELESS]
    assert mean(night.correlation for night in flown) > 0.8
    assert mean(night.brier for night in flown) < mean(night.constant_brier for night in flown)
