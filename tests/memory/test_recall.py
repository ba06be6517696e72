import hashlib
import itertools
import string
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memory.attempts import Reflection
from memory.belogs import EncounteredError
from memory.digests import normalised_rule
from memory.events import Event, Finished, Happening, TaskAdded
from memory.recall import LINE_CHARS, Recalled, RecallIndex, without
from memory.recall_index import MOST_FOUND, WordIndex
from memory.state import MemoryState
from memory.task_sources import built_in_curriculum
from memory.tasks import Task
from tests.memory.builders import AT, MEMORY_ID, a_reflection, a_task, a_turn, a_verdict, created, decided, finished
from tests.memory.lives import TASK_IDS, lives
from utils.text import estimate_tokens

LABELS = tomllib.loads((Path(__file__).parent / "fixtures" / "recall_labels.toml").read_text(encoding="utf-8"))
PLENTY = 100_000
OTHERS = [f"other-{number}" for number in range(9)]


@dataclass
class Memory:
    """A state and an index that are told the same."""

    state: MemoryState = field(default_factory=MemoryState)
    index: RecallIndex = field(default_factory=RecallIndex)
    units: int = 0

    def tell(self, happening: Happening) -> None:
        event = Event(seq=self.state.last_seq + 1, at=AT, data=happening)
        self.state.apply(event)
        self.index.fold(event, self.state)

    def know(self, *tasks: Task) -> None:
        for task in tasks:
            self.tell(TaskAdded(task=task, by="a test"))

    def attempt(self, task_id: str, outcome: Any = "failed", *, tries: int = 2, **fields: Any) -> str:
        """Decide and finish a unit; its id."""
        self.units += 1
        self.tell(decided(self.units, task_id))
        self.tell(_finished(self.state, self.units, outcome, tries=tries, **fields))
        return f"{MEMORY_ID}-{self.units:06d}"

    def fail_at_others(self) -> None:
        """Makes words rare: one that stands everywhere tells nothing."""
        self.know(*(a_task(each, goal=f"Count {each} sheep.") for each in OTHERS))
        for each in OTHERS:
            self.attempt(each)

    def find(self, task: Task, *, budget_tokens: int = PLENTY) -> tuple[Recalled, ...]:
        return self.index.find(task, budget_tokens=budget_tokens)


def _finished(state: MemoryState, number: int, outcome: Any, *, tries: int, **fields: Any) -> Finished:
    error = fields.pop("error", ("KeyError", "'a'"))
    verdicts = [a_verdict("failed")] * (tries - 1) + [a_verdict(outcome)]
    turns = tuple(a_turn(index, verdict) for index, verdict in enumerate(verdicts))
    first = outcome == "passed" and tries == 1
    end = finished(state, number, outcome, passed_first=first, turns=turns, **fields)
    errors = (
        () if error is None else (EncounteredError(turn=0, error_class=error[0], message="for people", told=error[1]),)
    )
    return end.model_copy(update={"belog": end.belog.model_copy(update={"errors_encountered": errors})})


@pytest.fixture
def memory() -> Iterator[Memory]:
    made = Memory()
    made.tell(created())
    yield made
    made.index.close()


def learned(lesson: str, rule: str = "") -> Reflection:
    return a_reflection(rule, lesson=lesson)


FOLD = a_task(
    "fold",
    name="Fold a napkin",
    goal="Fold a napkin along its diagonal.",
    skills=("paper", "hands"),
    entry_point=None,
    checks=(),
)
NAPKIN = a_task(
    "napkin", name="Napkin swan", goal="Fold a napkin into a swan.", skills=("paper",), entry_point=None, checks=()
)
SHIP = a_task("ship", name="Ship", goal="Steer a steamer past icebergs.", skills=("sea",), entry_point=None, checks=())


def test_a_failed_attempt_is_told_with_its_last_error_and_its_lesson(memory: Memory) -> None:
    memory.know(FOLD)
    unit = memory.attempt("fold", error=("KeyError", "'corner'"), reflection=learned("Look for the corner first."))

    assert memory.find(FOLD) == (
        Recalled(
            unit,
            "fold",
            "Task \"Fold a napkin\" (paper, hands): failed with KeyError: 'corner'. Lesson: Look for the corner first.",
        ),
    )


def test_a_pass_after_trouble_is_told_with_its_tries_and_its_lesson(memory: Memory) -> None:
    memory.know(NAPKIN)
    unit = memory.attempt("napkin", "passed", tries=3, reflection=learned("Swans have long necks."))

    text = 'Task "Napkin swan" (paper): passed after 3 tries. Lesson: Swans have long necks.'
    assert memory.find(NAPKIN) == (Recalled(unit, "napkin", text),)


def test_a_failure_that_left_a_lesson_and_no_error_says_how_it_ended(memory: Memory) -> None:
    memory.know(NAPKIN)
    memory.attempt("napkin", error=None, reflection=learned("Be brief."), ended="context full")

    assert [each.text for each in memory.find(NAPKIN)] == [
        'Task "Napkin swan" (paper): failed with no code: context full. Lesson: Be brief.'
    ]


@pytest.mark.parametrize(
    ("outcome", "fields"),
    [
        ("ungraded", {"reflection": learned("A lesson.")}),
        ("passed", {"tries": 1, "reflection": learned("A lesson.")}),
        ("passed", {"reflection": None}),
        ("passed", {"reflection": Reflection(usable=False, problem="no JSON")}),
        ("passed", {"reflection": learned("Well, always  FOLD twice!", "Always fold twice.")}),
        ("failed", {"error": None, "reflection": None}),
    ],
)
def test_an_attempt_that_has_nothing_to_tell_is_not_remembered(
    memory: Memory, outcome: str, fields: dict[str, Any]
) -> None:
    memory.know(FOLD)
    memory.attempt("fold", outcome, **fields)

    assert memory.find(FOLD) == ()


def test_an_attempt_with_nothing_to_tell_does_not_push_out_one_that_has(memory: Memory) -> None:
    memory.know(FOLD)
    told = memory.attempt("fold", reflection=learned("Press the crease."))
    memory.attempt("fold", error=None)

    assert [each.unit_id for each in memory.find(FOLD)] == [told]


def test_a_lesson_that_gives_away_the_proposed_rule_is_left_out(memory: Memory) -> None:
    memory.know(FOLD)
    memory.attempt("fold", reflection=learned("I saw it: always  FOLD twice. Truly.", "Always fold twice!"))

    assert [each.text for each in memory.find(FOLD)] == [
        "Task \"Fold a napkin\" (paper, hands): failed with KeyError: 'a'."
    ]


def test_a_lesson_that_is_too_long_is_cut_after_a_sentence_and_a_single_one_is_left_out(memory: Memory) -> None:
    memory.know(FOLD, SHIP)
    memory.attempt("fold", reflection=learned(f"Short one. {'x' * 400}."))
    memory.attempt("ship", reflection=learned(f"{'x' * 400}."))

    assert memory.find(FOLD)[0].text.endswith("'a'. Lesson: Short one.")
    assert memory.find(SHIP)[0].text.endswith("failed with KeyError: 'a'.")


def test_a_long_message_of_several_lines_is_clipped_to_one(memory: Memory) -> None:
    memory.know(FOLD)
    memory.attempt("fold", error=("ValueError", "no\nway\x1b " * 200))

    (found,) = memory.find(FOLD)
    assert found.text.isprintable()
    assert len(found.text) <= LINE_CHARS


def test_nothing_is_found_in_an_empty_memory(memory: Memory) -> None:
    memory.know(FOLD, NAPKIN)

    assert memory.find(FOLD) == ()
    assert list(memory.index.changed()) == []


def test_past_attempts_at_the_task_come_first_newest_first_then_similar_tasks(memory: Memory) -> None:
    memory.know(FOLD, NAPKIN, SHIP)
    swan = memory.attempt("napkin")
    passed = memory.attempt("fold", "passed", reflection=learned("A lesson."))
    failed = memory.attempt("fold")
    memory.attempt("ship")
    memory.fail_at_others()

    assert [each.unit_id for each in memory.find(FOLD)] == [failed, passed, swan]


def test_of_a_similar_task_only_one_attempt_is_told(memory: Memory) -> None:
    memory.know(NAPKIN)
    memory.attempt("napkin", "passed", reflection=learned("Swans have long necks and wings of paper."))
    closer = memory.attempt("napkin", reflection=learned("Fold along the diagonal."))
    memory.fail_at_others()

    assert [each.unit_id for each in memory.find(FOLD)] == [closer]


def test_equally_similar_attempts_come_in_the_order_of_their_units(memory: Memory) -> None:
    twins = [a_task(each, name="Napkin", goal="Fold a napkin.", skills=("paper",)) for each in "cab"]
    memory.know(*twins)
    units = [memory.attempt(each.id) for each in twins]
    memory.fail_at_others()

    assert [each.unit_id for each in memory.find(NAPKIN)] == units


def test_of_many_similar_tasks_three_are_told(memory: Memory) -> None:
    memory.know(*(a_task(each, name="Napkin", goal="Fold a napkin.", skills=("paper",)) for each in "abcde"))
    units = [memory.attempt(each) for each in "abcde"]
    memory.fail_at_others()

    assert [each.unit_id for each in memory.find(NAPKIN)] == units[:3]


def test_a_task_that_shares_no_telling_word_recalls_nothing(memory: Memory) -> None:
    memory.know(FOLD)
    memory.attempt("fold")

    assert memory.find(SHIP) == ()
    assert (
        memory.find(
            a_task(
                "all",
                name="The",
                goal="Do it all over, and over, for you.",
                skills=("of",),
                entry_point=None,
                checks=(),
            )
        )
        == ()
    )


def test_the_index_grows_with_tasks_and_not_with_attempts(memory: Memory) -> None:
    memory.know(FOLD, NAPKIN)
    words = ["paper", "napkin", "swan", "diagonal", "corner"]
    rows = set()
    for number in range(120):
        task, outcome = ("fold", "napkin")[number % 2], ("failed", "passed")[number // 2 % 2]
        memory.attempt(task, outcome, reflection=learned(words[number % 5]))
        found = memory.find(FOLD)
        rows.add(len(memory.index._attempts))

    assert [each.unit_id[-6:] for each in found[:2]] == ["000119", "000117"]
    assert max(rows) == 4
    assert memory.index._index is not None
    assert memory.index._index.texts == 4


def test_an_index_that_was_closed_is_built_anew(memory: Memory) -> None:
    memory.know(FOLD, NAPKIN)
    memory.attempt("napkin")
    before = memory.find(FOLD)
    memory.index.close()
    memory.index.close()

    assert before
    assert memory.find(FOLD) == before


def test_one_that_does_not_fit_the_budget_makes_room_for_a_shorter_one(memory: Memory) -> None:
    memory.know(FOLD)
    short = memory.attempt("fold", "passed", reflection=learned("Yes."))
    memory.attempt(
        "fold", reflection=learned("A long lesson that says the same in many more words than it would take.")
    )
    found = memory.find(FOLD)

    assert [each.unit_id for each in memory.find(FOLD, budget_tokens=estimate_tokens(found[1].text))] == [short]
    assert memory.find(FOLD, budget_tokens=estimate_tokens(found[1].text) - 1) == ()


def _retold(life: Sequence[Happening]) -> Memory:
    memory = Memory()
    for happening in (created(), *life):
        memory.tell(happening)
    return memory


@given(lives(), st.sampled_from(TASK_IDS), st.integers(-5, 200))
def test_whatever_happened_the_same_events_give_the_same_lines_within_the_budget(
    life: Sequence[Happening], task_id: str, budget_tokens: int
) -> None:
    task = a_task(task_id)
    one, other = _retold(life), _retold(life)
    for _ in range(3):
        one.find(a_task("sort/it", goal="asked before"), budget_tokens=PLENTY)

    found = one.find(task, budget_tokens=budget_tokens)
    one.index.close()

    assert found == other.find(task, budget_tokens=budget_tokens)
    other.index.close()
    assert sum(estimate_tokens(each.text) for each in found) <= max(budget_tokens, 0)
    assert [each.task_id != task_id for each in found] == sorted(each.task_id != task_id for each in found)
    assert len({each.unit_id for each in found}) == len(found)
    assert all(each.text.splitlines() == [each.text] and each.text.startswith('Task "') for each in found)


def texts_of(recalled: Iterable[Recalled]) -> list[str]:
    return [each.text for each in recalled]


def test_without_takes_out_what_contains_a_hidden_text_whatever_its_case_and_spacing() -> None:
    lines = [Recalled("u", "t", text) for text in ("Lesson: ALWAYS  sort first, he said.", "Lesson: never sort.")]

    assert texts_of(without(lines, ["Always sort first."])) == ["Lesson: never sort."]
    assert texts_of(without(lines, ["sort first", "NEVER sort"])) == []
    assert without(lines, []) == without(lines, ["", " . "]) == tuple(lines)


def test_without_knows_a_hidden_text_by_its_escaped_form_too(memory: Memory) -> None:
    memory.know(FOLD)
    memory.attempt("fold", reflection=learned("Fold it\u200btwice."))
    found = memory.find(FOLD)

    assert "Fold it\\u200btwice." in found[0].text
    assert without(found, ["fold it\u200btwice"]) == ()


@given(st.text(min_size=1), st.text(), st.text())
def test_without_never_leaves_a_hidden_text(hidden: str, before: str, after: str) -> None:
    line = Recalled("u", "t", before + hidden + after)

    left = without([line], [hidden])

    assert left == () or normalised_rule(hidden) not in normalised_rule(line.text) or not normalised_rule(hidden)


hostile = st.one_of(
    st.text(st.characters(codec=None)),
    st.text(st.characters(categories=("Cs", "Cc", "Lo", "Mn", "Nd", "No"))),
    st.lists(
        st.sampled_from(
            [
                '"',
                "'",
                "\x00",
                "AND",
                "OR",
                "NOT",
                "NEAR(a b, 2)",
                "words:",
                "*",
                "^",
                "-",
                "(",
                ")",
                "a",
                "\ud800",
                "{w}",
            ]
        )
    ).map(" ".join),
)


@given(hostile, hostile)
@example("\u19b0", "\u19b0")  # a letter to Python and a mark to SQLite 3.40
def test_no_text_makes_the_search_fail(known: str, asked: str) -> None:
    index = WordIndex()
    index.put({1: known})

    assert [match.row for match in index.like(asked)] in ([], [1])
    assert [match.row for match in index.like(known)] in ([], [1])
    index.close()


def test_a_goal_of_operators_and_quotes_is_searched_by_its_words(memory: Memory) -> None:
    memory.know(NAPKIN)
    unit = memory.attempt("napkin")
    goal = 'napkin" OR words:* NEAR("swan", 2) ^fold\x00 AND NOT (paper -'

    assert [each.unit_id for each in memory.find(a_task("quoted", goal=goal, skills=("paper",)))] == [unit]


@given(st.lists(st.text(string.ascii_letters, min_size=3, max_size=8), max_size=30), st.integers(1, 5))
def test_asking_leaves_the_index_as_it_was(asked: list[str], times: int) -> None:
    index = WordIndex()
    index.put({1: "paper napkin swan", 2: "steamer iceberg", 3: "count sheep"})
    before = list(index.like("napkin swan"))
    for _ in range(times):
        list(index.like(" ".join(asked)))

    assert list(index.like("napkin swan")) == before
    index.close()


def test_a_text_that_is_the_query_has_the_share_1_in_a_small_and_in_a_large_index() -> None:
    index = WordIndex()
    index.put({1: "napkin swan", 2: "steamer iceberg"})
    small = list(index.like("napkin swan"))
    index.put({row: f"sheep number{row}" for row in range(3, 500)})
    large = list(index.like("napkin swan"))
    index.close()

    assert [match.row for match in (*small, *large)] == [1, 1]
    assert [match.share for match in (*small, *large)] == pytest.approx([1, 1])


def test_identifiers_are_split_stems_are_compared_and_at_most_30_rows_are_found() -> None:
    index = WordIndex()
    index.put({1: "parse_query", 2: "parsedQueries", 3: "unrelated"})
    split = {match.row for match in index.like("parsing of a query")}
    index.put(dict.fromkeys(range(4, 100), "query"))
    many = list(index.like("query"))
    index.close()

    assert split == {1, 2}
    assert len(many) == MOST_FOUND


# What is found for tasks that were labelled by hand; see fixtures/recall_labels.toml

Ranking = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Quality:
    recall_at_3: float
    precision_at_1: float
    mrr: float


def in_held_out_half(task_id: str) -> bool:
    return hashlib.sha256(task_id.encode()).digest()[0] % 2 == 1


HELD_OUT = {query["task"]: set(query["helps"]) for query in LABELS["query"] if in_held_out_half(query["task"])}
ANSWERED = {task_id: helps for task_id, helps in HELD_OUT.items() if helps}
LABELLED = {task.id: task for task in (*built_in_curriculum(), *(Task.model_validate(row) for row in LABELS["task"]))}
PAST = sorted(LABELS["past"], key=lambda past: hashlib.sha256(past["task"].encode()).digest())
"""In an order that has nothing to do with the labels."""


def quality(ranking: Ranking) -> Quality:
    """Means over the held-out queries that have an answer; recall@3 is out of at most 3."""
    recalls, firsts, reciprocals = [], [], []
    for task_id, helps in ANSWERED.items():
        ranks = [rank for rank, found in enumerate(ranking(task_id), start=1) if found in helps]
        recalls.append(sum(rank <= 3 for rank in ranks) / min(3, len(helps)))
        firsts.append(1 in ranks)
        reciprocals.append(1 / ranks[0] if ranks else 0.0)
    return Quality(*(sum(each) / len(ANSWERED) for each in (recalls, firsts, reciprocals)))


def newest_first(task_id: str) -> list[str]:
    return [past["task"] for past in reversed(PAST) if past["task"] != task_id]


def newest_of_the_same_skill(task_id: str) -> list[str]:
    main = LABELLED[task_id].skills[0]
    return [other for other in newest_first(task_id) if LABELLED[other].skills[0] == main]


@pytest.fixture(scope="module")
def labelled() -> Iterator[Memory]:
    memory = Memory()
    memory.tell(created())
    memory.know(*LABELLED.values())
    for past in PAST:
        error, reflection = (past["error_class"], past["message"]), learned(past["lesson"])
        memory.attempt(past["task"], past["outcome"], error=error, reflection=reflection)
    yield memory
    memory.index.close()


def by_words(memory: Memory) -> Ranking:
    return lambda task_id: [each.task_id for each in memory.find(LABELLED[task_id]) if each.task_id != task_id]


@given(st.sampled_from(sorted(LABELLED)), st.integers(0, 400))
def test_of_what_would_be_told_each_line_that_still_fits_the_budget_is_taken(
    labelled: Memory, task_id: str, budget_tokens: int
) -> None:
    found, left = list[Recalled](), budget_tokens
    for each in labelled.find(LABELLED[task_id]):
        if estimate_tokens(each.text) <= left:
            found.append(each)
            left -= estimate_tokens(each.text)

    assert labelled.find(LABELLED[task_id], budget_tokens=budget_tokens) == tuple(found)


def test_the_labels_name_tasks_that_have_a_past() -> None:
    tasks = {past["task"] for past in LABELS["past"]}
    named = itertools.chain.from_iterable((query["task"], *query["helps"]) for query in LABELS["query"])

    assert set(named) <= tasks == set(LABELLED)
    assert len(LABELS["query"]) == len({query["task"] for query in LABELS["query"]}) >= 100
    assert len(ANSWERED) >= 50
    assert not any(query["task"] in query["helps"] for query in LABELS["query"])


def test_on_the_held_out_half_what_helps_is_found_and_better_than_by_age_or_skill(labelled: Memory) -> None:
    ours, skill, newest = quality(by_words(labelled)), quality(newest_of_the_same_skill), quality(newest_first)

    assert ours.recall_at_3 > max(0.48, 1.5 * skill.recall_at_3, 1.5 * newest.recall_at_3)
    assert ours.precision_at_1 > max(0.38, 1.5 * skill.precision_at_1, 1.5 * newest.precision_at_1)
    assert ours.mrr > max(0.45, 1.3 * skill.mrr, 1.3 * newest.mrr)


def test_on_the_held_out_half_two_in_five_of_the_lines_help_and_few_are_shown(labelled: Memory) -> None:
    shown = [(task_id, found) for task_id in HELD_OUT for found in by_words(labelled)(task_id)]
    right = sum(found in HELD_OUT[task_id] for task_id, found in shown)

    assert right / len(shown) > 0.4
    assert len(shown) / len(HELD_OUT) < 2
