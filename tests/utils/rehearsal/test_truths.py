import math
from dataclasses import replace
from pathlib import Path

import pytest

from tests.utils.rehearsal.worlds import DOUBLE_TASK, ROOTS_TASK
from utils.errors import InputError
from utils.rehearsal.known import KnownTask
from utils.rehearsal.lessons import LESSONS, all_rules
from utils.rehearsal.tables import PlantedRule
from utils.rehearsal.truths import DEFAULT_PATH, Truths

SHIPPED = DEFAULT_PATH.read_text(encoding="utf-8")


def load(tmp_path: Path, text: str) -> Truths:
    path = tmp_path / "truths.toml"
    path.write_text(text, encoding="utf-8")
    return Truths.load(path)


def error_of(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        Truths.load(path)
    return str(caught.value)


def test_the_shipped_file_loads_and_names_its_weakest_skill() -> None:
    truths = Truths.default()
    assert truths.weakest_skills()[:2] == ("recursion", "parsing")
    assert truths.weakest_skills(["strings", "unheard-of", "numbers"]) == ("unheard-of", "numbers", "strings")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("latency_s = 0.0 ", "latency_s = nan", "latency_s"),
        ("latency_s = 0.0 ", "latency_s = 601", "latency_s"),
        ("latency_s = 0.0 ", "latency_s = '1'", "latency_s"),
        ("latency_s = 0.0 ", "latency = 1", "latency"),
        ("schema_version = 1", "schema_version = 2", "schema_version"),
        ("offset_seed = 1", "offset_seed = 1.5", "offset_seed"),
        ("strings = -0.6", "strings = inf", "ability.skills.strings"),
        ("mutation = 0.36", "mutation = 0.46", "bugs: Value error, the shares add up to 1.1"),
        ("mutation = 0.36", "", "bugs.mutation: Field required"),
        ("python = 0.6", "python = -0.6", "style.fences.python"),
        ("broken = 0.08", "broken = 1.01", "reflection.broken"),
        ("effect = 0.9", "", "rules.0.effect"),
        ("[repair]", "[repairs]", "repair"),
        ("[ability]", "[ability", "is no TOML"),
        ("bound = 1.0", "bound = -1.0", "drift.bound"),
        ("algorithms = 0.3", "algorithms = 11.0", "drift.skills.algorithms"),
        ("same_task = 1.0", "same_tasks = 1.0", "recall.same_tasks"),
    ],
)
def test_anything_wrong_is_told_in_one_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = tmp_path / "truths.toml"
    assert old in SHIPPED
    path.write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    message = error_of(path)
    assert message.startswith(f"truths file {path}")
    assert told in message
    assert "\n" not in message


def test_a_file_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes("a = 'ä'".encode("latin-1"))
    (tmp_path / "huge").write_bytes(b"#" * 1_000_001)
    assert error_of(tmp_path / "none").endswith("cannot be read: No such file or directory")
    assert error_of(tmp_path / "latin").endswith("is not UTF-8: byte 5")
    assert error_of(tmp_path / "huge").endswith("is larger than 1000000 bytes")


def test_the_pass_probability_is_the_documented_formula(tmp_path: Path) -> None:
    truths = load(tmp_path, SHIPPED.replace("\n[offsets]", '\n[offsets]\n"math/roots" = -0.5\n', 1))
    # abilities -.9 and 1.1, difficulty .4, slope 3: .1 + .3 - .5 = -.1; then .3 a turn, .7 for evidence
    task = KnownTask(id="math/roots", name="", goal="", skills=("numbers", "weak"), difficulty=0.4)
    weak = load(tmp_path, SHIPPED.replace("[ability.skills]", "[ability.skills]\nweak = 1.1", 1))
    assert truths.offset(task) == -0.5
    weak = weak.model_copy(update={"offsets": truths.offsets})
    found = [
        weak.pass_probability(task, turn, evidence=evidence) for turn, evidence in [(0, True), (1, False), (2, True)]
    ]
    assert found == pytest.approx([0.4750208, 0.5498340, 0.7685248], abs=1e-6)


def rules_named(truths: Truths, *starts: str) -> list[PlantedRule]:
    return [rule for rule in truths.rules if rule.text.startswith(starts)]


def test_rules_add_their_effect_and_the_mean_of_their_effects_in_skills() -> None:
    truths = Truths.default()
    task = KnownTask(id="x", name="", goal="", skills=("recursion", "parsing"))
    shown = rules_named(truths, "Handle the empty", "Write the base case", "Reject malformed", "Keep the solution")
    assert truths.rule_effect(task, shown) == pytest.approx(0.9 + 1.2 / 2 + (1.4 / 2 - 0.3) - 0.7)


def test_the_shipped_rules_are_helpful_harmful_useless_and_at_home_in_one_skill() -> None:
    def effect(rule: PlantedRule, skill: str) -> float:
        return Truths.default().rule_effect(KnownTask(id="x", name="", goal="", skills=(skill,)), [rule])

    skills = (*Truths.default().ability.skills, "formatting")
    effects = [[effect(rule, skill) for skill in skills] for rule in Truths.default().rules]
    signs = [{(each > 0) - (each < 0) for each in found} for found in effects]
    assert [signs.count(each) for each in ({1}, {-1}, {0}, {0, 1}, {-1, 1}, {-1, 0, 1})] == [2, 2, 2, 1, 1, 1]


def test_skills_drift_by_the_number_of_the_unit_up_to_the_bound(tmp_path: Path) -> None:
    truths = load(tmp_path, SHIPPED.replace("algorithms = 0.3", "algorithms = 0.3\nnew = -2.0", 1))
    assert [truths.ability_of("algorithms", unit) for unit in (0, 1, 100, 333, 400, 10**15)] == pytest.approx(
        [-1.9, -1.897, -1.6, -0.901, -0.9, -0.9]
    )
    assert [truths.ability_of("new", unit) for unit in (0, 10, 1000)] == pytest.approx([-1.1, -1.3, -2.1])
    assert truths.ability_of("strings", 1000) == truths.ability_of("strings") == -0.6
    assert truths.weakest_skills(["new", "state"], unit=0) == ("state", "new")
    assert truths.weakest_skills(["new", "state"], unit=100) == ("new", "state")


def test_of_what_is_recalled_the_most_helpful_counts_once() -> None:
    truths, task = Truths.default(), KnownTask(id="x", name="", goal="", skills=("lists", "dicts"))
    again, near = replace(task, skills=("other",)), replace(task, id="y", skills=("dicts", "state"))
    far = replace(task, id="z", skills=("state",))
    found = [truths.recall_effect(task, told) for told in ([], [far], [None], [far, near], [near, again, far, again])]
    assert found == [0, -0.2, -0.2, 0.4, 1.0]


def test_drift_rules_and_recall_enter_the_formula() -> None:
    truths, task = Truths.default(), KnownTask(id="x", name="", goal="", skills=("algorithms", "lists"), difficulty=0.3)
    shown = rules_named(truths, "Handle the empty")
    logit = (-1.9 + 0.6 - 0.6) / 2 + 0.6 + truths.offset(task) + 2 * 0.3 + 0.7 + 0.9 + 0.3 / 2 + 0.4
    found = truths.pass_probability(
        task, 2, evidence=True, rules=shown, unit=200, recalled=[None, replace(task, id="y", skills=("lists",))]
    )
    assert found == pytest.approx(1 / (1 + math.exp(-logit)))


def test_a_file_without_drift_and_recall_is_a_world_without_them(tmp_path: Path) -> None:
    start, end = SHIPPED.index("\n[drift]"), SHIPPED.index("\n[offsets]")
    truths = load(tmp_path, SHIPPED[:start] + SHIPPED[end:])
    task = KnownTask(id="x", name="", goal="", skills=("algorithms",))
    assert truths.pass_probability(task, unit=500, recalled=[task]) == truths.pass_probability(task)


def test_offsets_are_the_same_in_every_run_and_spread_as_planted() -> None:
    truths = Truths.default()
    offsets = [truths.offset(KnownTask(id=str(number), name="", goal="")) for number in range(2000)]
    assert truths.offset(ROOTS_TASK) == Truths.default().offset(ROOTS_TASK) != truths.offset(DOUBLE_TASK)
    assert sum(offsets) / 2000 == pytest.approx(0, abs=5 * 0.5 / 2000**0.5)
    assert sum(offset**2 for offset in offsets) / 2000 == pytest.approx(0.25, rel=5 * (2 / 2000) ** 0.5)


def test_extreme_odds_stay_inside_of_zero_and_one(tmp_path: Path) -> None:
    planted = SHIPPED.replace("\n[offsets]", "\n[offsets]\na = 10.0\nb = -10.0\n", 1)
    truths = load(tmp_path, planted)
    odds = [truths.pass_probability(KnownTask(id=name, name="", goal="", skills=()), 100) for name in ("a", "b")]
    assert odds == pytest.approx([1.0, 1.0])
    assert 0 < truths.pass_probability(KnownTask(id="b", name="", goal="", skills=())) < 1e-4


def test_planted_rules_are_rules_that_the_simulation_can_propose() -> None:
    assert {rule.text for rule in Truths.default().rules} <= all_rules()


def test_the_vocabulary_is_closed_and_no_lesson_holds_a_rule() -> None:
    lessons = [told for lesson in LESSONS.values() for told in lesson.told]
    assert 25 <= len(all_rules()) <= 32
    assert not [rule for rule in all_rules() for told in lessons if rule.rstrip(".").casefold() in told.casefold()]


def test_no_other_module_of_the_program_opens_the_answer_key() -> None:
    root = Path(__file__).resolve().parents[3]
    floors = [root / name for name in ("builder", "trainer", "executor", "memory", "utils")]
    modules = [path for floor in floors for path in floor.rglob("*") if path.suffix in {".py", ".toml", ".j2", ".md"}]
    others = [path for path in [*modules, *root.glob("*.py")] if path.parent != DEFAULT_PATH.parent]
    assert len(others) > 5
    assert [path for path in others if "truths.toml" in path.read_text(encoding="utf-8")] == []
