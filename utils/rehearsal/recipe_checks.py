"""What recipes give, and checks that look at them well: chosen so that they fail the code's mutants.

The only code that is run here is that of recipes, whole numbers put into templates of this package, and its mutants.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from utils.mutants import Mutant, mutants
from utils.rehearsal.draws import Draws
from utils.rehearsal.recipes import Recipe, inputs_for

CALLS = 14
ALWAYS = 2
"""Of the inputs: nothing, and one thing."""
TRIED_CALLS = 40

Function = Callable[[object], object]
_MISTAKES = (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError)


def function_of(source: str, name: str) -> Function:
    """The function of a recipe's source."""
    space: dict[str, Function] = {}
    exec(source, space)  # noqa: S102  templates of this package
    return space[name]


def outcome(function: Function, given: object) -> str:
    """What a call gives as a literal, or `raises` and the exception's name."""
    try:
        return repr(function(given))
    except _MISTAKES as error:
        return f"raises {type(error).__name__}"


def line(name: str, given: object, gives: str) -> str:
    """A check."""
    if gives.startswith("raises "):
        return f"raises({gives.removeprefix('raises ')}, {name}, {given!r})"
    return f"{name}({given!r}) == {gives}"


@dataclass(slots=True)
class Tried:
    """A recipe's source and its mutants on the same inputs.

    Attributes:
        name: of the function.
        source: that is right.
        inputs: what was tried.
        gives: what the right source gives for each.
        failing: for each input the numbers of the mutants that give something else.
        wrong: the mutants.
    """

    name: str
    source: str
    inputs: Sequence[object]
    wrong: list[Mutant] = field(init=False)
    gives: list[str] = field(init=False)
    failing: list[set[int]] = field(init=False)

    def __post_init__(self) -> None:
        right = function_of(self.source, self.name)
        self.wrong = mutants(self.source)
        self.gives = [outcome(right, each) for each in self.inputs]
        functions = [function_of(mutant.source, self.name) for mutant in self.wrong]
        self.failing = [
            {number for number, function in enumerate(functions) if outcome(function, each) != gives}
            for each, gives in zip(self.inputs, self.gives, strict=True)
        ]

    def share(self, chosen: Sequence[int]) -> float:
        """How many of the mutants these inputs fail, 0..1."""
        failed = set().union(*(self.failing[at] for at in chosen))
        return len(failed) / len(self.wrong) if self.wrong else 0.0

    def best(self, count: int) -> list[int]:
        """So many inputs, always the first ones, then whichever fails most mutants that none before it fails."""
        chosen = list(range(min(ALWAYS, count)))
        while len(chosen) < count:
            failed = set().union(*(self.failing[at] for at in chosen))
            rest = [at for at in range(len(self.inputs)) if at not in chosen]
            chosen.append(max(rest, key=lambda at: (len(self.failing[at] - failed), -at)))
        return chosen

    def poor(self, count: int) -> list[int]:
        """So many inputs, each the one that adds the fewest failing mutants; never one at which it raises."""
        chosen: list[int] = []
        while len(chosen) < count:
            failed = set().union(*(self.failing[at] for at in chosen))
            rest = [at for at in range(len(self.inputs)) if at not in chosen]
            chosen.append(min(rest, key=lambda at: (len(self.failing[at] - failed), at)))
        return chosen

    def lines(self, chosen: Sequence[int]) -> tuple[str, ...]:
        """The checks of these inputs."""
        return tuple(line(self.name, self.inputs[at], self.gives[at]) for at in chosen)


def tried(recipe: Recipe, name: str, draws: Draws) -> Tried:
    """The recipe with inputs that are drawn for it."""
    return Tried(name, recipe.source(name), list(inputs_for(recipe, draws, TRIED_CALLS)))
