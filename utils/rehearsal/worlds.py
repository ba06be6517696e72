"""Planted worlds for simulations that ask whether the machinery finds what was planted, and nothing else."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from statistics import NormalDist

from utils.rehearsal.draws import Draws
from utils.rehearsal.tables import Drift, PlantedRule, Recall
from utils.rehearsal.truths import Truths

NULL = "null"
"""In place of a file of truths."""
MAX_EFFECT = 10
"""Logits."""
SKILLS = (
    "algorithms", "dates", "dicts", "formatting", "lists", "numbers", "parsing", "recursion", "state", "strings",
)  # fmt: skip
ABILITY_MEAN, ABILITY_SD = -1.5, 2**0.5
"""Logits; so low because a unit has three replies, and so far apart as skills that nothing is known of may be."""


class Kind(StrEnum):
    """What a planted rule is good for."""

    HELPFUL = "helpful"
    HARMFUL = "harmful"
    USELESS = "useless"


def planted_night(
    helpful: int = 5, harmful: int = 5, useless: int = 40, effect: float = 1.5, *, seed: int = 0
) -> tuple[Truths, list[str]]:
    """A world in which these rules, and nothing else that is learned, change the odds; and their texts, shuffled.

    It is the shipped world without its own rules, without drift, with worthless recall and with other abilities: the
    quantiles of a Gaussian of ABILITY_MEAN and ABILITY_SD, which skill has which by the seed. Which text is of which
    kind, and the order of the texts, depend on the seed alone and are independent of each other; `kinds` tells.

    Args:
        helpful: how many rules are worth +effect.
        harmful: how many are worth -effect.
        useless: how many are worth 0.
        effect: logits, 0 to 10.
        seed: another seed makes other texts the helpful ones.

    Raises:
        ValueError: the counts are negative or together more than there are texts, or the effect is out of its range.
    """
    counts = {Kind.HELPFUL: helpful, Kind.HARMFUL: harmful, Kind.USELESS: useless}
    if min(counts.values()) < 0 or sum(counts.values()) > len(RULE_TEXTS):
        raise ValueError(f"{helpful} + {harmful} + {useless} rules: there are {len(RULE_TEXTS)} texts")
    if not 0 <= effect <= MAX_EFFECT:
        raise ValueError(f"an effect of {effect} is not between 0 and {MAX_EFFECT}")
    worth = {Kind.HELPFUL: float(effect), Kind.HARMFUL: -float(effect), Kind.USELESS: 0.0}
    effects = [worth[kind] for kind, count in counts.items() for _ in range(count)]
    planted = zip(_shuffled("kinds", seed), effects, strict=False)  # the texts that are left over are not planted
    rules = {text: PlantedRule(text=text, effect=logits) for text, logits in planted}
    world = _without_learning(Truths.default())
    ability = world.ability.model_copy(update={"skills": _abilities(seed)})
    truths = world.model_copy(update={"rules": tuple(rules.values()), "ability": ability})
    return truths, [text for text in _shuffled("order", seed) if text in rules]


def kinds(truths: Truths) -> Mapping[str, Kind]:
    """The kind of each planted rule, by its text, from its effect everywhere; effects in single skills do not count."""
    signs = ((1, Kind.HELPFUL), (-1, Kind.HARMFUL))
    return {
        rule.text: next((kind for sign, kind in signs if rule.effect * sign > 0), Kind.USELESS) for rule in truths.rules
    }


def truths_of(name: Path | None) -> Truths:
    """The truths of a file; the shipped ones if there is none, those of the null world if it is called `null`.

    Raises:
        InputError: the file is no use.
    """
    if name == Path(NULL):
        return null_world()
    return Truths.default() if name is None else Truths.load(name)


def null_world() -> Truths:
    """The shipped world, drift included, in which nothing that is learned has an effect."""
    shipped = Truths.default()
    rules = tuple(PlantedRule(text=rule.text, effect=0.0) for rule in shipped.rules)
    return shipped.model_copy(update={"rules": rules, "recall": Recall()})


def weak_in(skill: str, *, weak: float = -1.5, strong: float = 0.8) -> Truths:
    """The shipped world, but one skill has the ability `weak` and all others `strong`, in logits; without drift."""
    truths = Truths.default()
    ability = truths.ability.model_copy(update={"other": strong, "skills": {skill: weak}})
    return truths.model_copy(update={"ability": ability, "drift": Drift()})


def _without_learning(truths: Truths) -> Truths:
    return truths.model_copy(update={"drift": Drift(), "recall": Recall(), "rules": ()})


def _abilities(seed: int) -> dict[str, float]:
    order = sorted(SKILLS, key=lambda skill: Draws("planted night", "ability", seed, skill).uniform())
    spread = NormalDist(ABILITY_MEAN, ABILITY_SD)
    return {skill: spread.inv_cdf((place + 0.5) / len(order)) for place, skill in enumerate(order)}


def _shuffled(purpose: str, seed: int) -> list[str]:
    return sorted(RULE_TEXTS, key=lambda text: Draws("planted night", purpose, seed, text).uniform())


RULE_TEXTS = (
    "Name every intermediate result after what it holds.",
    "Decide what happens with duplicates before writing any code.",
    "Sort a copy, never the argument itself.",
    "Compare with None by identity.",
    "Use enumerate when both index and item are needed.",
    "Strip the input once, at the very beginning.",
    "Treat a single item like every other length.",
    "Avoid default arguments that can be changed.",
    "Count with a Counter rather than by hand.",
    "Build strings with join instead of repeated addition.",
    "Return early when there is nothing left to do.",
    "Check what the function should do with whole floats.",
    "Keep the types of keys the same throughout a mapping.",
    "Write helper functions for steps that occur twice.",
    "Never change the length of a sequence that is being walked through.",
    "Use slices with explicit bounds.",
    "Test membership in a set when there are many look-ups.",
    "Let errors of wrong arguments surface at once.",
    "Make ties come out in the order of the input.",
    "Read the signature again and match its parameter names.",
    "Use a stack for anything that is nested.",
    "Give loops a condition that names their purpose.",
    "Split parsing from computing.",
    "Take the modulus after every multiplication.",
    "Prefer while loops with a sentinel for unknown lengths.",
    "Think about what an iterator yields the second time.",
    "Convert bytes to text at the border of the program.",
    "Use divmod where quotient and remainder are both wanted.",
    "Remember that bool is a kind of int.",
    "Initialise a maximum with the first item, not with zero.",
    "Handle upper and lower case in one place.",
    "Write a comment for each branch before filling it in.",
    "Put the most common case first.",
    "Choose a tuple for things that belong together.",
    "Keep dates and times apart from their text.",
    "Memorise results of calls that are repeated.",
    "Use zip with strict lengths for parallel sequences.",
    "Think of the last group when collecting runs.",
    "Reset every counter when a new round begins.",
    "Avoid clever one-liners in the main path.",
    "Count months from one and indexes from zero.",
    "Escape special characters before building a pattern.",
    "Walk through the code once with the smallest example.",
    "Make classes remember only what their methods need.",
    "Do arithmetic on integers as long as possible.",
    "Raise before anything was changed.",
    "Copy nested structures to their full depth.",
    "Use the standard library where it has the operation.",
    "Describe the invariant of each loop in a word or two.",
    "Leave out output that nobody asked for.",
)
"""Plausible rules of programming; none is part of another, and none is one that the simulation proposes by itself."""
