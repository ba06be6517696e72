"""Habits in code that people call poor style: which are looked for, and what each is called.

The keys are rules of ruff (docs.astral.sh/ruff/rules). Left out is what depends on names, layout, comments or
annotations, on how tasks are asked (print, arguments of the asked function), and what only fails when it runs.
"""

from collections.abc import Iterator
from types import MappingProxyType

from memory.attempts import Score

STYLE_RULES = MappingProxyType({
    "B006": "a mutable default of an argument",
    "B012": "a jump out of `finally`",
    "B015": "a comparison without use",
    "B018": "an expression without use",
    "B020": "a loop variable that hides what is looped over",
    "B023": "an inner function that uses the loop's variable",
    "BLE001": "an `except` for every exception",
    "C400": "a generator inside of list()",
    "C401": "a generator inside of set()",
    "C402": "a generator inside of dict()",
    "C403": "a list inside of set()",
    "C404": "a list inside of dict()",
    "C405": "a literal inside of set()",
    "C408": "a call where a literal would do",
    "C409": "a literal inside of tuple()",
    "C410": "a literal inside of list()",
    "C411": "list() around a list comprehension",
    "C413": "list() or reversed() around sorted()",
    "C414": "a cast inside of another one",
    "C416": "a comprehension that only copies",
    "C417": "map() with a lambda",
    "C418": "a literal inside of dict()",
    "C419": "a list comprehension inside of any() or all()",
    "C901": "a function with more than 10 ways through it",
    "E711": "None compared with ==",
    "E712": "a truth value compared with ==",
    "E721": "types compared with ==",
    "E722": "a bare `except`",
    "E731": "a lambda with a name",
    "F401": "an unused import",
    "F541": "an f-string without a value",
    "F632": "a literal compared with `is`",
    "F811": "a definition that is made twice",
    "F841": "an unused variable",
    "PERF401": "a loop that appends where a comprehension would do",
    "PERF402": "a loop that copies a list",
    "PLR0124": "a value compared with itself",
    "PLR0911": "more than 6 returns in a function",
    "PLR0912": "more than 12 branches in a function",
    "PLR0915": "more than 50 statements in a function",
    "PLR1711": "a return without use at the end",
    "PLR1714": "one value compared again and again",
    "PLR5501": "an `if` alone inside of `else`",
    "PLW0120": "an `else` of a loop without a break",
    "PLW0603": "a global variable that is assigned",
    "S102": "exec()",
    "S307": "eval()",
    "SIM102": "an `if` alone inside of `if`",
    "SIM103": "an `if` that returns True or False",
    "SIM110": "a loop where any() or all() would do",
    "SIM118": "`in` of keys()",
    "SIM201": "`not` of ==",
    "SIM202": "`not` of !=",
    "SIM210": "`True if ... else False`",
    "SIM211": "`False if ... else True`",
    "SIM212": "`b if not a else a`",
})  # fmt: skip
COMPLEX, LONG = "complex", "long"
AGAINST_REFERENCE = MappingProxyType({
    COMPLEX: "twice as complex as the reference, or more",
    LONG: "twice as long as the reference, or longer",
})  # fmt: skip
MUCH = 2.0


def style_words(rule: str) -> str:
    """What a habit is called; the rule's own name where it has no words here."""
    return STYLE_RULES.get(rule) or AGAINST_REFERENCE.get(rule, rule)


def habits(score: Score) -> Iterator[tuple[str, str]]:
    """(rule, example) for each poor habit that a solution shows; the example is a line of it, or figures."""
    for issue in score.issues:
        yield issue.rule, issue.text
    ours, theirs = score.figures, score.reference_figures
    if ours is not None and theirs is not None:
        if ours.complexity >= MUCH * theirs.complexity:
            yield COMPLEX, f"{ours.complexity} ways through it, {theirs.complexity} through the reference"
        if ours.size >= MUCH * theirs.size:
            yield LONG, f"{ours.size} statements and expressions, the reference has {theirs.size}"
