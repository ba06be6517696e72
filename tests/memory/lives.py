"""Any life of a memory: sequences of events that can follow each other, for hypothesis."""

from hypothesis import strategies as st

from memory.assignment import RECALL, Assignment
from memory.attempts import Outcome, Reflection
from memory.blueprints import Way
from memory.events import (
    Abandoned,
    Analysed,
    BlueprintAdded,
    BlueprintRolledBack,
    Event,
    Faulted,
    Happening,
    Parked,
    Quarantined,
    Restarted,
    RevisionAdopted,
    RevisionDropped,
    RevisionRefused,
    RuleEdited,
    RuleJudged,
    RuleMerged,
    RuleUnmerged,
    RunEnded,
    RunResumed,
    Validated,
)
from memory.rules import RuleBook, Standing
from memory.state import MemoryState
from tests.memory.builders import (
    AT,
    a_blueprint,
    a_figures,
    a_nominee,
    a_proposal,
    a_reflection,
    a_revision,
    a_toss,
    added,
    an_analysis,
    an_assignment,
    created,
    decided,
    finished,
    rule_added,
    run_started,
)
from utils.ids import unit_number

TASK_IDS = ("add", "queue", "Sort/It", "sort/it", "a-b", "wish")
SKILLS = ("arithmetic", "sorting", "strings")
RULES = ("Check the empty list first.", "check the EMPTY list  first", "Sort it.", "Do not sort it.", "Sort them.", "")
ERRORS = ("KeyError", "wrong answer")
STANDINGS: tuple[Standing, ...] = ("free", "pinned", "banned")

reflections = (
    st.none()
    | st.builds(a_reflection, st.sampled_from(RULES), error_class=st.sampled_from(ERRORS))
    | st.just(Reflection(usable=False, problem="no JSON"))
)
outcomes: st.SearchStrategy[Outcome] = st.sampled_from(("passed", "failed", "ungraded", "no_verdict"))
tasks = st.builds(
    added,
    st.sampled_from(TASK_IDS),
    name=st.text(min_size=1, max_size=5),
    skills=st.lists(st.sampled_from(SKILLS), min_size=1, max_size=3, unique=True).map(tuple),
    origin=st.sampled_from(("user", "curriculum")),
    priority=st.integers(-2, 2),
    difficulty=st.sampled_from((0.0, 0.25, 1.0)),
)
rules = st.builds(
    rule_added,
    st.sampled_from(RULES[:-1]),
    skills=st.lists(st.sampled_from(SKILLS), max_size=2, unique=True).map(tuple),
    error_classes=st.lists(st.sampled_from(ERRORS), max_size=1).map(tuple),
)


@st.composite
def lives(draw: st.DrawFn, *, longest: int = 40) -> list[Happening]:
    """What happens after the memory was made, in an order in which it can happen."""
    state, told = MemoryState(), list[Happening]()

    def tell(happening: Happening) -> None:
        state.apply(Event(seq=len(told) + 1, at=AT, data=happening))
        told.append(happening)

    tell(created())
    tell(draw(tasks))
    for kind in draw(st.lists(st.sampled_from("tddnnnffffffffbpxsreaRREJMMUwAqvkkYYK"), max_size=longest)):
        tell(_next(draw, state, kind))
    return told[1:]


def _next(draw: st.DrawFn, state: MemoryState, kind: str) -> Happening:
    if kind in "fpwA" and state.in_flight:
        return _of_flight(draw, state, kind)
    if kind in "EJMU":
        words = _possible_words(draw, state, kind)
        return draw(st.sampled_from(words)) if words else draw(rules)
    if kind in "dnfpwA":
        assignment = draw(assignments(state.learning.rules)) if kind == "n" else None
        unit = decided(state.decided + 1, draw(st.sampled_from(sorted(state.tasks))), assignment=assignment)
        trials = [None, *(a_toss(each.number, challenger=draw(st.booleans())) for each in state.blueprints.open)]
        return unit.model_copy(update={"blueprint": draw(st.sampled_from(trials))})
    if kind in "kYK":
        ways = _possible_ways(draw, state)
        return draw(st.sampled_from(ways)) if ways else draw(rules)
    judge = draw(st.sampled_from((1, 2)))
    others: dict[str, Happening] = {
        "b": BlueprintAdded(blueprint=a_blueprint(state.blueprints.next_version("builder-default"))),
        "x": Faulted(fault="ModelFault", message="away"),
        "s": run_started(state.runs + 1).model_copy(update={"judge": judge}),
        "r": RunResumed(run=max(state.runs, 1), judge=judge),
        "e": RunEnded(run=state.runs, reason="enough", units=state.run_totals.units),
        "q": Quarantined(task_id=min(state.tasks), why="nobody passes it"),
        "v": Validated(task_id=min(state.tasks), sound=draw(st.booleans()), why="its reference was tried"),
        "a": Analysed(analysis=an_analysis(state.analyses + 1)),
    }
    if kind in others:
        return others[kind]
    return draw(tasks) if kind == "t" else draw(rules)


def _possible_ways(draw: st.DrawFn, state: MemoryState) -> list[Happening]:
    """What can happen to ways of working."""
    book = state.blueprints
    if book.used_for("") is None:
        return []
    family = draw(st.sampled_from(("", *SKILLS)))
    proposal = a_proposal(family, way=Way(temperature=draw(st.sampled_from((0.0, 0.5, 1.0)))))
    ways: list[Happening] = [a_revision(book, proposal), RevisionRefused(family=family, why="no JSON", by="a model")]
    for trial in book.open:
        ways.append(RevisionAdopted(trial=trial.number, figures=a_figures()))
        ways.append(RevisionDropped(trial=trial.number, reason="hopeless", why="no effect", figures=a_figures()))
    ways += [BlueprintRolledBack(blueprint=each, by="a test") for each in book]
    return [way for way in ways if not state.why_impossible(way)]


def _of_flight(draw: st.DrawFn, state: MemoryState, kind: str) -> Happening:
    """What can become of a unit in flight."""
    unit = draw(st.sampled_from(sorted(state.in_flight)))
    if kind == "f":
        outcome = draw(outcomes)
        first = outcome == "passed" and draw(st.booleans())
        return finished(state, unit_number(unit), outcome, passed_first=first, reflection=draw(reflections))
    words: dict[str, Happening] = {
        "p": Parked(unit_id=unit, reason="a stop"),
        "w": Restarted(unit_id=unit),
        "A": Abandoned(unit_id=unit, task_id=state.in_flight[unit].task.id, deaths=3),
    }
    return words[kind]


def _possible_words(draw: st.DrawFn, state: MemoryState, kind: str) -> list[Happening]:
    """What a person may say of this kind about the rules that there are."""
    book = state.learning.rules
    words: list[Happening] = []
    for record in book:
        standing = draw(st.sampled_from(STANDINGS))
        text = f"{record.texts[0]} Version {record.version + 1}."
        said: dict[str, list[Happening]] = {
            "J": [RuleJudged(rule=record.id, standing=standing, by="a test")],
            "E": [RuleEdited(rule=record.id, text=text, by="a test")],
            "M": [RuleMerged(kept=each.id, other=record.id, by="a test") for each in book],
            "U": [RuleUnmerged(rule=record.id, by="a test")],
        }
        words += [word for word in said[kind] if not state.why_impossible(word)]
    return words


@st.composite
def assignments(draw: st.DrawFn, book: RuleBook) -> Assignment:
    """Coins for some of the rules that there are, and perhaps for recall."""
    chosen = draw(st.lists(st.sampled_from(list(book)), max_size=3, unique_by=id)) if len(book) else []
    nominees = [a_nominee(each.id, each.version, dropped=draw(st.booleans())) for each in chosen]
    if draw(st.booleans()):
        nominees.append(a_nominee(RECALL, kind="recall"))
    return an_assignment(*nominees, control=bool(nominees) and draw(st.booleans()))
