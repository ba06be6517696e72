"""The steps that the rehearsal model composes new tasks of: each in words, of which there are two, and as code.

`{a}` and `{b}` are whole numbers. A step's code turns `current`, a list, into another list; the last step's may give
anything that is plain data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Family = Literal["numbers", "words"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        words: two ways to say it.
        code: statements, four spaces deep by themselves.
        a: smallest and largest value of the first parameter; None if it has none.
        b: the same of the second.
        last: whether it can only be the last one.
    """

    words: tuple[str, str]
    code: str
    a: tuple[int, int] | None = None
    b: tuple[int, int] | None = None
    last: bool = False


_NUMBERS: Mapping[str, Step] = {
    "multiples": Step(
        ("Drop every number that is divisible by {a}.", "Leave out all multiples of {a}."),
        "current = [number for number in current if number % {a} != 0]",
        a=(3, 6),
    ),
    "below": Step(
        ("Keep only the numbers that are at least {a}.", "Throw away whatever is smaller than {a}."),
        "current = [number for number in current if number >= {a}]",
        a=(-4, 4),
    ),
    "line": Step(
        ("Replace each number by {a} times itself plus {b}.", "Multiply every number by {a} and then add {b} to it."),
        "current = [{a} * number + {b} for number in current]",
        a=(2, 5),
        b=(1, 9),
    ),
    "differences": Step(
        (
            "Replace the list by the differences of neighbours, the later minus the earlier number.",
            "Go over to how much each number exceeds the one directly before it; the first one has no such value.",
        ),
        "current = [later - earlier for earlier, later in zip(current, current[1:])]",
    ),
    "sums": Step(
        (
            "Replace each number by the sum of all numbers up to and including it.",
            "Go over to the running totals.",
        ),
        "total, sums = 0, []\nfor number in current:\n    total += number\n    sums.append(total)\ncurrent = sums",
    ),
    "windows": Step(
        (
            "Replace the list by the sums of every {a} neighbours, so that it gets {a} minus 1 shorter.",
            "Slide a window over {a} numbers at a time and keep the total of each window.",
        ),
        "current = [sum(current[at : at + {a}]) for at in range(len(current) - {a} + 1)]",
        a=(2, 3),
    ),
    "repeats": Step(
        (
            "Remove each number that equals the one directly before it.",
            "Of equal numbers that stand next to each other keep one.",
        ),
        "kept = []\nfor number in current:\n    if not kept or kept[-1] != number:\n        kept.append(number)\n"
        "current = kept",
    ),
    "bounds": Step(
        (
            "Raise numbers below {a} to {a} and lower numbers above {b} to {b}.",
            "Force every number into the range from {a} to {b}, both included.",
        ),
        "current = [min(max(number, {a}), {b}) for number in current]",
        a=(-3, 2),
        b=(7, 12),
    ),
    "rotate": Step(
        (
            "Move the first {a} numbers to the end; of a shorter list move all.",
            "Let the list begin with its number at index {a}, followed by the rest, then what stood before it.",
        ),
        "current = current[{a}:] + current[:{a}]",
        a=(1, 3),
    ),
    "spread": Step(
        (
            "Multiply each number by its position, counted from {a}.",
            "Weigh the numbers: the first counts {a} times, the next once more, and so on.",
        ),
        "current = [place * number for place, number in enumerate(current, start={a})]",
        a=(1, 3),
    ),
    "order": Step(
        (
            "Sort by the remainder of a division by {a}; numbers with equal remainders stay in their order.",
            "Arrange the numbers by what is left when they are divided by {a}, without swapping equal ones.",
        ),
        "current = sorted(current, key=lambda number: number % {a})",
        a=(3, 5),
    ),
    "fold": Step(
        (
            "Start with {a}; for each number multiply what you have by {b} and add the number. Return the result.",
            "The answer begins as {a} and becomes {b} times itself plus the number, for one number after the other.",
        ),
        "value = {a}\nfor number in current:\n    value = {b} * value + number\ncurrent = value",
        a=(1, 5),
        b=(2, 3),
        last=True,
    ),
    "tally": Step(
        (
            "Return a dict that says for each remainder of a division by {a} that occurs how many numbers have it.",
            "Count how often each remainder modulo {a} occurs and return these counts as a dict.",
        ),
        "counts = {{}}\nfor number in current:\n    counts[number % {a}] = counts.get(number % {a}, 0) + 1\n"
        "current = counts",
        a=(3, 5),
        last=True,
    ),
    "above": Step(
        (
            "Return how many numbers are above {a}, and the sum of the others, as a tuple of two.",
            "The answer is a pair: the count of numbers greater than {a} and the total of all others.",
        ),
        "above = sum(1 for number in current if number > {a})\n"
        "current = (above, sum(number for number in current if number <= {a}))",
        a=(2, 9),
        last=True,
    ),
}
_WORDS: Mapping[str, Step] = {
    "longer": Step(
        ("Keep only the words with at least {a} letters.", "Throw away words that are shorter than {a} letters."),
        "current = [word for word in current if len(word) >= {a}]",
        a=(2, 4),
    ),
    "cut": Step(
        ("Cut each word after its first {a} letters.", "Shorten every word to {a} letters; shorter ones stay."),
        "current = [word[:{a}] for word in current]",
        a=(3, 5),
    ),
    "backwards": Step(
        (
            "Write each word with more than {a} letters backwards.",
            "Turn words round, last letter first, but only those of over {a} letters.",
        ),
        "current = [word[::-1] if len(word) > {a} else word for word in current]",
        a=(2, 4),
    ),
    "capitals": Step(
        (
            "Write every word at an index divisible by {a} in capitals, counted from 0.",
            "Put word 0 and each {a} places after it in upper case.",
        ),
        "current = [word.upper() if at % {a} == 0 else word for at, word in enumerate(current)]",
        a=(2, 3),
    ),
    "doubles": Step(
        (
            "Remove words that occurred before in the list.",
            "Keep the first of equal words and drop its later copies.",
        ),
        "kept = []\nfor word in current:\n    if word not in kept:\n        kept.append(word)\ncurrent = kept",
    ),
    "lengths": Step(
        (
            "Sort by the number of letters, short words first; words of one length stay in their order.",
            "Arrange the words from short to long without swapping words of equal length.",
        ),
        "current = sorted(current, key=len)",
    ),
    "glue": Step(
        (
            "Append to each word the number of its letters plus {a}, in digits.",
            "Let every word be followed directly by its own length increased by {a}.",
        ),
        "current = [word + str(len(word) + {a}) for word in current]",
        a=(1, 9),
    ),
    "turn": Step(
        (
            "Move the last {a} words to the front; of a shorter list move all.",
            "Let the final {a} words come first, followed by the others.",
        ),
        "current = current[-{a}:] + current[:-{a}]",
        a=(1, 2),
    ),
    "pairs": Step(
        (
            "Join each word with the one after it by a dash; the last one has none and is dropped.",
            "Go over to all pairs of neighbours, written with a dash between the two words.",
        ),
        'current = [first + "-" + second for first, second in zip(current, current[1:])]',
    ),
    "join": Step(
        (
            "Return the words joined by a comma and a space, with a full stop behind the last if there are over {a}.",
            "The answer is one text, comma and space between words, closed by a full stop for more than {a} words.",
        ),
        'current = ", ".join(current) + ("." if len(current) > {a} else "")',
        a=(1, 3),
        last=True,
    ),
    "initials": Step(
        (
            "Return a dict from first letters to how many words begin with them, each counted {a} times.",
            "Count words by their first letter, every one of them {a}-fold, and return the counts as a dict.",
        ),
        "counts = {{}}\nfor word in current:\n    counts[word[0]] = counts.get(word[0], 0) + {a}\ncurrent = counts",
        a=(2, 5),
        last=True,
    ),
    "weight": Step(
        (
            "Return the sum of the lengths of all words, each multiplied by its position counted from {a}.",
            "The answer is a number: word lengths added up, the first one {a} times, the next once more, and so on.",
        ),
        "current = sum(place * len(word) for place, word in enumerate(current, start={a}))",
        a=(1, 4),
        last=True,
    ),
}
STEPS: Mapping[Family, Mapping[str, Step]] = {"numbers": _NUMBERS, "words": _WORDS}
