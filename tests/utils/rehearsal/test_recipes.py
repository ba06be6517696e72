"""What the rehearsal model proposes is worded so that it can be read again, and its faults are there."""

import json

import pytest

from trainer.proposal_prompts import Wanted, proposal_prompt
from utils.rehearsal.draws import Draws
from utils.rehearsal.proposing import Fault, Proposed, is_wished, propose, worded
from utils.rehearsal.recipe_checks import function_of, line, outcome
from utils.rehearsal.recipes import draw_recipe, inputs_for, task_in

ASKED = "Propose one new programming task for a learner.\n\nSkill to practise: {}\nTasks:\n- Chunks\n- {}\n"


def proposed(fault: Fault, number: int, *, skill: str = "lists", known: str = "Other") -> Proposed:
    return propose(ASKED.format(skill, known), Draws("test", number), fault=fault)


def holds(made: Proposed) -> list[bool]:
    """For each check whether the reference fulfils it."""
    space: dict[str, object] = {"raises": _raises}
    exec(made.reference, space)
    return [bool(eval(each, space)) for each in made.checks]


def _raises(kind: type[Exception], function: object, given: object) -> bool:
    try:
        function(given)  # type: ignore[operator]
    except kind:
        return True
    return False


@pytest.mark.parametrize("skill", ["lists", "strings"])
def test_a_recipe_is_read_back_from_its_words_in_either_manner(skill: str) -> None:
    for number in range(60):
        recipe = draw_recipe(skill, Draws("test", number))
        for manner in (0, 1):
            task = task_in(f"Please.\n\n{recipe.goal('work_1', skill=skill, manner=manner)}\n\nDefine work_1.")
            assert task is not None
            assert (task.reference, task.skills, task.entry_point) == (recipe.source("work_1"), (skill,), "work_1")


def test_other_prompts_word_no_recipe() -> None:
    goal = draw_recipe("lists", Draws("test", 1)).goal("work_1", skill="lists")
    assert task_in("Write `chunks(items: list)`.") is None
    assert task_in(goal.replace("1. ", "1. Secretly ")) is None


def test_a_right_proposal_holds_and_its_goal_says_what_its_reference_does() -> None:
    for number in range(5):
        made = proposed(Fault.NONE, number)
        read = task_in(made.goal)
        assert made.fault is Fault.NONE
        assert all(holds(made))
        assert read is not None
        assert read.reference == made.reference


def test_a_wrong_reference_does_something_else_than_the_goal_says() -> None:
    for number in range(5):
        made = proposed(Fault.WRONG_REFERENCE, number)
        read = task_in(made.goal)
        assert read is not None
        right, wrong = (
            function_of(read.reference or "", made.entry_point),
            function_of(made.reference, made.entry_point),
        )
        recipe = draw_recipe("lists", Draws("recipe", "lists", int(made.name.rpartition("-")[2])))
        given = list(inputs_for(recipe, Draws("other", number), 200))
        assert any(outcome(right, each) != outcome(wrong, each) for each in given)


def test_a_duplicate_does_what_a_known_task_does_in_other_words() -> None:
    first = proposed(Fault.NONE, 1, skill="strings")
    again = proposed(Fault.DUPLICATE, 2, skill="strings", known=first.name)
    assert (again.fault, again.goal != first.goal, again.entry_point != first.entry_point) == (
        Fault.DUPLICATE,
        True,
        True,
    )
    one, other = function_of(first.reference, first.entry_point), function_of(again.reference, again.entry_point)
    for text in ("", "oak fern", "birch birch elm reed willow ox"):
        assert outcome(one, text) == outcome(other, text)


def test_without_a_known_task_of_its_own_there_is_nothing_to_repeat() -> None:
    assert proposed(Fault.DUPLICATE, 3).fault is Fault.NONE


def test_the_same_request_is_answered_alike_and_another_differently() -> None:
    draws = [Draws("test", 7), Draws("test", 7), Draws("test", 8)]
    one, same, other = (worded(propose(ASKED.format("lists", "x"), each), each) for each in draws)
    assert one == same != other


def test_most_replies_hold_their_proposal_as_json_and_unreadable_ones_do_not() -> None:
    made = proposed(Fault.NONE, 4)
    texts = [worded(made, Draws("words", number)) for number in range(20)]
    broken = [worded(proposed(Fault.UNREADABLE, 4), Draws("words", number)) for number in range(20)]
    assert json.dumps(made.goal)[1:20] in texts[0]
    assert sum("work_" in text for text in texts) == 20
    for text in broken:
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            json.loads(text)


def test_only_requests_for_tasks_are_taken_for_such() -> None:
    assert is_wished(ASKED.format("lists", "x"))
    assert not is_wished("Write `chunks(items: list)`. Skill to practise: lists")


def test_a_check_is_written_as_people_write_it() -> None:
    assert line("f", [1], "2") == "f([1]) == 2"
    assert line("f", "", "raises ValueError") == "raises(ValueError, f, '')"


def test_even_what_hangs_on_chance_is_proposed_alike_for_the_same_request() -> None:
    prompt = proposal_prompt(Wanted(skill="lists", difficulty=0.4))
    for seed in range(12):
        first, second = (propose(prompt, Draws("a test", seed), fault=Fault.NONDETERMINISM) for _ in range(2))
        assert first == second
        assert first.fault is Fault.NONDETERMINISM
