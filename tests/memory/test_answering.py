from memory.answering import Answering
from memory.state import MemoryState
from tests.memory.builders import a_result, a_turn


def test_a_model_that_answers_under_another_name_than_in_the_run_before_is_told_of_once() -> None:
    answering = Answering(MemoryState(answers_as={"qwen": "qwen-7b-q4"}))
    names = ("qwen-7b-q4", "", "qwen-7b-q8", "qwen-7b-q8")
    told = [list(answering.look("qwen", a_result(turns=(a_turn(model=name),)))) for name in names]
    expected = "qwen answered as qwen-7b-q4 before, and as qwen-7b-q8 now: is it another model?"
    assert told == [[], [], [expected], []]
    assert list(answering.look("other", a_result(turns=(a_turn(model="other-q4"),)))) == []


def test_a_context_that_is_too_small_is_told_of_once() -> None:
    answering = Answering(MemoryState())
    result = a_result(outcome="failed", turns=(), ended="the prompt does not fit into the model's context: 9 > 8")
    told = [list(answering.look("qwen", result)) for _ in range(2)]
    assert told == [[f"{result.ended}; load the model with a larger context, or lower BT_REPLY_TOKENS"], []]
