"""Any life of a memory: sequences of events that can follow each other, for hypothesis."""

from hypothesis import strategies as st

from memory.attempts import Outcome, Reflection
from memory.events import Analysed, BlueprintAdded, Event, Faulted, Happening, Parked, RunEnded, RunResumed
from memory.state import MemoryState
from tests.memory.builders import (
    AT,
    a_blueprint,
    a_reflection,
    added,
    an_analysis,
    created,
    decided,
    finished,
    run_started,
)

TASK_IDS = ("add", "queue", "Sort/It", "sort/it", "a-b", "wish")
SKILLS = ("arithmetic", "sorting", "strings")
RULES = ("Check the empty list first.", "check the EMPTY list  first", "Sort it.", "")

reflections = (
    st.none()
    | st.builds(a_reflection, st.sampled_from(RULES), error_class=st.sampled_from(("KeyError", "wrong answer")))
    | st.just(Reflection(usable=False, problem="no JSON"))
)
outcomes: st.SearchStrategy[Outcome] = st.sampled_from(("passed", "failed", "ungraded"))
tasks = st.builds(
    added,
    st.sampled_from(TASK_IDS),
    name=st.text(min_size=1, max_size=5),
    skills=st.lists(st.sampled_from(SKILLS), min_size=1, max_size=3, unique=True).map(tuple),
    origin=st.sampled_from(("user", "curriculum")),
    priority=st.integers(-2, 2),
    difficulty=st.sampled_from((0.0, 0.25, 1.0)),
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
    for kind in draw(st.lists(st.sampled_from("tddffffffbpxsrea"), max_size=longest)):
        tell(_next(draw, state, kind))
    return told[1:]


def _next(draw: st.DrawFn, state: MemoryState, kind: str) -> Happening:
    if kind == "t":
        return draw(tasks)
    if kind == "d" or (kind in "fp" and not state.in_flight):
        return decided(state.decided + 1, draw(st.sampled_from(sorted(state.tasks))))
    if kind == "f":
        number = int(draw(st.sampled_from(sorted(state.in_flight))).rpartition("-")[2])
        outcome = draw(outcomes)
        first = outcome == "passed" and draw(st.booleans())
        return finished(state, number, outcome, passed_first=first, reflection=draw(reflections))
    if kind == "p":
        return Parked(unit_id=next(iter(state.in_flight)), reason="a stop")
    others: dict[str, Happening] = {
        "b": BlueprintAdded(blueprint=a_blueprint(len(state.blueprints.get("builder-default", ())) + 1)),
        "x": Faulted(fault="ModelFault", message="away"),
        "s": run_started(state.runs + 1),
        "r": RunResumed(run=max(state.runs, 1)),
        "e": RunEnded(run=state.runs, reason="enough", units=state.run_totals.units),
        "a": Analysed(analysis=an_analysis(state.analyses + 1)),
    }
    return others[kind]
