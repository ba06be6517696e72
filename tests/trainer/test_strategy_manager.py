import itertools
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from memory.attempts import Outcome
from memory.events import TaskAdded
from memory.tasks import Task
from tests.memory.builders import a_task, run_started
from tests.trainer.lives import Life
from trainer.strategy_manager import Choice

SKILLS = ("dates", "lists", "strings")
POOL = [
    a_task(f"{skill}-{level}", skills=(skill,), difficulty=level / 10) for skill in SKILLS for level in (1, 2, 4, 6, 8)
]


def wish(task_id: str, *, priority: int = 0, graded: bool = True) -> TaskAdded:
    checks = {} if graded else {"checks": (), "entry_point": None}
    task = a_task(task_id, origin="user", priority=priority, skills=("general",), **checks)
    return TaskAdded(task=task, by="a person")


def skill_of(task_id: str) -> str:
    return task_id.partition("-")[0]


def test_the_first_choice_is_near_the_start_and_says_why() -> None:
    assert Life(POOL).choose() == Choice("dates-2", "dates was tried longest ago; difficulty 0.20, aim 0.20")


def test_skills_take_turns() -> None:
    played = [skill_of(task) for task in Life(POOL).play(60)]
    assert played == list(SKILLS) * 20


def test_a_skill_that_passes_gets_harder_and_one_that_fails_easier() -> None:
    life = Life(POOL)
    played = life.play(45, lambda task: "failed" if "lists" in task.skills else "passed")
    difficulty = {
        skill: [life.state.tasks[each].task.difficulty for each in played if skill_of(each) == skill]
        for skill in SKILLS
    }
    mean = {skill: sum(levels[5:]) / len(levels[5:]) for skill, levels in difficulty.items()}
    assert mean["lists"] < mean["dates"] == mean["strings"]


def test_within_a_skill_no_task_is_forgotten() -> None:
    counts = Counter(Life(POOL).play(150))
    assert len(counts) == len(POOL)
    assert min(counts.values()) >= 4


def test_wishes_come_first_by_priority_then_in_the_order_in_which_they_came() -> None:
    life = Life(POOL)
    life.happens(wish("low"), wish("high", priority=5), wish("also-high", priority=5), wish("never", priority=-3))
    assert life.choose() == Choice("high", "asked for by a person, priority 5")
    assert life.play(4) == ["high", "also-high", "low", "never"]
    assert skill_of(life.play(1)[0]) in SKILLS


def test_a_wish_is_answered_once_whatever_becomes_of_it() -> None:
    life = Life(POOL)
    life.happens(wish("easy"), wish("open", graded=False))
    outcomes: dict[str, Outcome] = {"easy": "failed", "open": "ungraded"}
    assert life.play(2, lambda task: outcomes[task.id]) == ["easy", "open"]
    later = life.play(30)
    assert ("easy" in later, "open" in later) == (True, False)


def test_a_new_wish_in_an_old_memory_takes_its_turn_and_not_all_turns() -> None:
    life = Life(POOL)
    life.play(300)
    life.happens(wish("new"))
    assert life.play(1) == ["new"]
    assert Counter(map(skill_of, life.play(40))) == {"dates": 10, "lists": 10, "strings": 10, "new": 10}


def test_a_task_that_is_worked_on_is_not_chosen() -> None:
    life = Life(POOL[:2])
    life.happens(wish("asked"))
    busy = [life.choose() for _ in range(3) if life.decide(getattr(life.choose(), "task_id"))]  # noqa: B009
    assert [choice and choice.task_id for choice in busy] == ["dates-2", "dates-1", None]
    life.finish(2)
    assert life.play(1) == ["dates-2"]


def test_skills_take_turns_also_while_others_are_worked_on() -> None:
    life = Life(POOL)
    chosen = []
    for _ in range(6):
        choice = life.choose()
        assert choice is not None
        chosen.append(choice.task_id)
        life.decide(choice.task_id)
    assert [skill_of(task) for task in chosen] == list(SKILLS) * 2
    assert len(set(chosen)) == 6


def test_a_single_task_is_repeated_for_want_of_another() -> None:
    assert Life(POOL[:1]).play(3) == ["dates-1"] * 3


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10)), min_size=2, max_size=12),
    st.lists(st.sampled_from(["passed", "failed"]), min_size=20, max_size=20),
)
def test_no_task_comes_twice_in_a_row(shapes: list[tuple[str, int]], outcomes: list[Outcome]) -> None:
    pool = [a_task(f"{skill}-{n}", skills=(skill,), difficulty=d / 10) for n, (skill, d) in enumerate(shapes)]
    results = iter(outcomes)
    played = Life(pool).play(20, lambda _: next(results))
    assert all(before != after for before, after in itertools.pairwise(played))


def test_choosing_is_a_function_of_the_memory() -> None:
    lives = [Life(POOL), Life(POOL)]
    judge: dict[str, Outcome] = {task.id: "failed" if task.difficulty > 0.5 else "passed" for task in POOL}
    assert lives[0].play(50, lambda task: judge[task.id]) == lives[1].play(50, lambda task: judge[task.id])
    assert lives[0].choose() == lives[0].choose()


def test_once_takes_each_task_in_order_and_ends() -> None:
    life = Life(POOL[:3], schedule="once")
    life.happens(wish("asked", priority=9))
    assert life.choose() == Choice("dates-1", "number 1 of 3 in order")
    assert not life.strategy.finished(life.state)
    assert life.play(3, lambda _: "failed") == [task.id for task in POOL[:3]]
    assert (life.choose(), life.strategy.finished(life.state)) == (None, True)
    life.happens(run_started(2))
    assert life.choose() == Choice("dates-1", "number 1 of 3 in order")


def test_once_does_not_wait_for_tasks_that_are_worked_on() -> None:
    life = Life(POOL[:2], schedule="once")
    life.decide("dates-1")
    assert life.choose() == Choice("dates-2", "number 2 of 2 in order")


def test_a_curriculum_never_ends() -> None:
    life = Life(POOL[:1])
    assert not life.strategy.finished(life.state)


def test_a_pool_leaves_out_what_the_memory_knows_besides() -> None:
    life = Life(POOL)
    small: list[Task] = POOL[5:7]
    life.strategy = type(life.strategy)([task.id for task in small], life.targets, schedule="curriculum")
    assert set(life.play(10)) == {task.id for task in small}
