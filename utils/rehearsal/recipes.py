"""Tasks that the rehearsal model can think of: some steps one after the other, in words and as code that does them.

What it words it can read again, so that it can solve what it proposed: the goal says everything.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from utils.rehearsal.draws import Draws
from utils.rehearsal.known import KnownTask
from utils.rehearsal.recipe_steps import STEPS, Family, Step

FEWEST_STEPS, MOST_STEPS = 2, 4
TEXT_SKILLS = frozenset({"strings", "formatting", "parsing", "dates"})
_SIGNATURE = re.compile(r"Write `(\w+)\((items: list|text: str)\)`")
_SKILL = re.compile(r"It practises ([a-z0-9-]+)\.")
_ITEM = re.compile(r"^\d+\. (.+)$", re.MULTILINE)
_REFUSES = "raises ValueError"
_VOCABULARY = (
    "a", "ox", "elm", "oak", "fern", "moss", "reed", "birch", "cedar", "maple", "willow", "alder", "rowan", "hazel",
    "oak", "poplar", "juniper", "it", "ash",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Used:
    """A step with its parameters."""

    name: str
    a: int = 0
    b: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """Steps over numbers, or over the words of a text; `refuses` whether nothing to work on is an error."""

    family: Family
    steps: tuple[Used, ...]
    refuses: bool

    def goal(self, name: str, *, skill: str, manner: int = 0) -> str:
        """The task in words; `manner` 0 or 1, two ways to say the same."""
        given, about = (
            ("items: list", "`items` is a list of whole numbers.")
            if self.family == "numbers"
            else ("text: str", "`text` holds words of lower-case letters with white space between them.")
        )
        lead = ("Start with what is given and go through these steps in order:", "Do this, one after the other:")
        what = "An empty list" if self.family == "numbers" else "A text without words"
        empty = f"{what} {_REFUSES}. " if self.refuses else ""
        steps = "\n".join(f"{at}. {_words(self.family, each, manner)}" for at, each in enumerate(self.steps, start=1))
        return (
            f"Write `{name}({given})`.\n\n{about} {lead[manner]}\n\n{steps}\n\n"
            f"{empty}Return what is left after the last step. It practises {skill}.\n"
        )

    def source(self, name: str) -> str:
        """A function that does it."""
        given = "items" if self.family == "numbers" else "text"
        start = "list(items)" if self.family == "numbers" else "text.split()"
        guard = ["if not current:", '    raise ValueError("nothing to work on")'] if self.refuses else []
        steps = [line for each in self.steps for line in _code(self.family, each).split("\n")]
        body = [f"current = {start}", *guard, *steps, "return current"]
        return f"def {name}({given}):\n" + "".join(f"    {line}\n" for line in body)

    @property
    def difficulty(self) -> float:
        """Declared, by the number of steps."""
        return round(0.12 + 0.15 * len(self.steps) + 0.05 * self.refuses, 2)


def draw_recipe(skill: str, draws: Draws) -> Recipe:
    """A recipe for a skill; the same draws give the same."""
    family: Family = "words" if skill in TEXT_SKILLS else "numbers"
    count = FEWEST_STEPS + int(draws.uniform() * (MOST_STEPS - FEWEST_STEPS + 1))
    inner = [name for name, step in STEPS[family].items() if not step.last]
    final = [name for name, step in STEPS[family].items() if step.last]
    chosen: list[str] = []
    while len(chosen) < count - 1:
        chosen.append(draws.pick([name for name in inner if name not in chosen]))
    chosen.append(
        draws.pick(final) if draws.chance(0.7) else draws.pick([each for each in inner if each not in chosen])
    )
    steps = tuple(_drawn(name, STEPS[family][name], draws) for name in chosen)
    return Recipe(family, steps, refuses=draws.chance(0.4))


def _drawn(name: str, step: Step, draws: Draws) -> Used:
    return Used(name, *(0 if span is None else draws.pick(range(span[0], span[1] + 1)) for span in (step.a, step.b)))


def inputs_for(recipe: Recipe, draws: Draws, count: int) -> Iterator[list[int] | str]:
    """Arguments that look at a recipe from all sides: nothing, one thing, long runs, and then what is drawn."""
    if recipe.family == "numbers":
        yield from ([], [draws.pick(range(1, 9))], list(range(-7, 17)), [5, 5, 5, 2, 2, 9, 9, 3])
        for _ in range(count - 4):
            yield [draws.pick(range(-9, 25)) for _ in range(draws.pick(range(2, 10)))]
        return
    yield from ("", draws.pick(_VOCABULARY[4:]), " ".join(_VOCABULARY), "  fern oak  fern elm ox ")
    for _ in range(count - 4):
        yield " ".join(draws.pick(_VOCABULARY) for _ in range(draws.pick(range(2, 8))))


def task_in(prompt: str) -> KnownTask | None:
    """The task that a prompt words as a recipe, with its solution; None if it words none."""
    signature, skill, recipe = _SIGNATURE.search(prompt), _SKILL.search(prompt), recipe_in(prompt)
    if signature is None or skill is None or recipe is None:
        return None
    name = signature[1]
    return KnownTask(
        id=f"recipe-{name}",
        name=name,
        goal=prompt[signature.start() : skill.end()],
        entry_point=name,
        skills=(skill[1],),
        difficulty=recipe.difficulty,
        reference=recipe.source(name),
    )


def recipe_in(prompt: str) -> Recipe | None:
    """The recipe that a prompt words; None if it words none."""
    signature, skill = _SIGNATURE.search(prompt), _SKILL.search(prompt)
    if signature is None or skill is None:
        return None
    family: Family = "numbers" if signature[2].startswith("items") else "words"
    between = prompt[signature.end() : skill.start()]
    steps = [_read(family, sentence) for sentence in _ITEM.findall(between)]
    known = tuple(each for each in steps if each is not None)
    return Recipe(family, known, refuses=_REFUSES in between) if known and len(known) == len(steps) else None


def _words(family: Family, used: Used, manner: int) -> str:
    return STEPS[family][used.name].words[manner].format(a=used.a, b=used.b)


def _code(family: Family, used: Used) -> str:
    return STEPS[family][used.name].code.format(a=used.a, b=used.b)


def _read(family: Family, sentence: str) -> Used | None:
    for pattern, name in _patterns(family):
        if found := pattern.fullmatch(sentence.strip()):
            values = {key: int(value) for key, value in found.groupdict().items()}
            return Used(name, values.get("a", 0), values.get("b", 0))
    return None


@cache
def _patterns(family: Family) -> Sequence[tuple[re.Pattern[str], str]]:
    return [(_pattern(words), name) for name, step in STEPS[family].items() for words in step.words]


def _pattern(words: str) -> re.Pattern[str]:
    """The sentence with any numbers; a parameter that stands there twice must be the same both times."""
    seen: set[str] = set()
    parts = []
    for part in re.split(r"(\{[ab]\})", words):
        name = part[1:-1] if part in ("{a}", "{b}") else ""
        if name in seen:
            parts.append(f"(?P={name})")
        else:
            parts.append(rf"(?P<{name}>-?\d+)" if name else re.escape(part))
        seen |= {name} if name else set()
    return re.compile("".join(parts))
