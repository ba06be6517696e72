"""The closed vocabulary of the simulation: what it says that it learned, by kind of mistake and by skill.

The texts are plausible, general rules of programming. Which of them help is not decided here but planted in the
truths. No lesson contains a rule's text, so a remembered lesson does not act as a rule by accident.
"""

from dataclasses import dataclass

from utils.rehearsal.mistakes import Mistake


@dataclass(frozen=True, slots=True)
class Lesson:
    """What can be said about one kind of mistake: what happened, and rules that follow from it."""

    told: tuple[str, ...]
    rules: tuple[str, ...]


LESSONS: dict[Mistake, Lesson] = {
    Mistake.NO_CODE: Lesson(
        ("I explained the idea and forgot to write the code.",),
        ("Always answer with one complete code block.",),
    ),
    Mistake.SYNTAX: Lesson(
        ("The code did not even compile.", "A bracket or a colon was missing."),
        ("Check brackets and colons before answering.", "Write the whole function to its last line."),
    ),
    Mistake.NOT_DEFINED: Lesson(
        ("The function had another name than the task asked for.",),
        ("Use exactly the function name that the task gives.",),
    ),
    Mistake.NAME: Lesson(
        ("A name was used that was never imported or assigned.",),
        ("Import every module that the code uses.",),
    ),
    Mistake.TOO_SLOW: Lesson(
        ("The loop never came to an end or took far too long.", "The program was stopped because it ran too long."),
        ("Make sure that every loop moves towards its end.", "Prefer one pass over nested loops."),
    ),
    Mistake.MEMORY: Lesson(
        ("The program kept far more than it needed.",),
        ("Do not build large intermediate lists.",),
    ),
    Mistake.RECURSION: Lesson(
        ("The recursion did not stop.",),
        ("Write the base case of a recursion first.",),
    ),
    Mistake.INDEX: Lesson(
        ("An index ran past the end of a sequence.",),
        ("Check the length before using an index.",),
    ),
    Mistake.KEY: Lesson(
        ("A key was read that was not in the dict.",),
        ("Use dict.get with a default for keys that may be missing.",),
    ),
    Mistake.DIVISION: Lesson(
        ("A divisor was zero.",),
        ("Check for zero before dividing.",),
    ),
    Mistake.NONE: Lesson(
        ("On some path nothing was given back.",),
        ("Return a value on every path.",),
    ),
    Mistake.EMPTY: Lesson(
        ("The case without any items was not thought of.", "With nothing to work on the answer was wrong."),
        ("Handle the empty input before the loop.",),
    ),
    Mistake.TYPE: Lesson(
        ("The result had another type than asked for.",),
        ("Return exactly the type that the task names.",),
    ),
    Mistake.NEGATIVE: Lesson(
        ("Numbers below zero were not thought of.",),
        ("Think of negative numbers and zero.",),
    ),
    Mistake.OFF_BY_ONE: Lesson(
        ("The result was off by one.", "A bound was one too low or one too high."),
        ("Check the first and the last step of every range.",),
    ),
    Mistake.ORDER: Lesson(
        ("The items were right but came in another order.",),
        ("Keep the order that the task asks for.",),
    ),
    Mistake.PRECISION: Lesson(
        ("The number was only nearly right.",),
        ("Round only at the end and compare floats with a tolerance.",),
    ),
    Mistake.OTHER_ERROR: Lesson(
        ("An exception came up that the task does not ask for.",),
        ("Raise only the exceptions that the task names.",),
    ),
    Mistake.NOTHING: Lesson(
        ("The first plan was right.", "Nothing went wrong."),
        (),
    ),
    Mistake.WRONG: Lesson(
        (
            "One of the conditions was wrong.",
            "The answer was wrong for one of the checks.",
            "A special case was missed.",
        ),
        (
            "Work through the given examples by hand before answering.",
            "Read every comparison again before answering.",
            "Keep the solution as short as possible.",
        ),
    ),
}

SKILL_RULES: dict[str, str] = {
    "strings": "Normalise case and spaces only where the task says so.",
    "numbers": "Use whole-number arithmetic where the task speaks of whole numbers.",
    "state": "Give every object its own state.",
    "algorithms": "Write down what holds before and after each round of a loop.",
    "formatting": "Build the output line by line and join it once.",
    "dicts": "Do not change a dict while iterating over it.",
    "lists": "Copy a list before changing it.",
    "parsing": "Reject malformed input before reading it.",
    "recursion": "Write the base case of a recursion first.",
}
"""Rules that are proposed for tasks of a skill, whatever the mistake was."""


def all_rules() -> frozenset[str]:
    """Every rule that the simulation can propose."""
    return frozenset(rule for lesson in LESSONS.values() for rule in lesson.rules) | frozenset(SKILL_RULES.values())
