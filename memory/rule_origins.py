"""Where a proposal of a rule comes from."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, StringConstraints

from memory.attempts import FROZEN
from utils.text import printable

GivenSource = Literal["person", "review", "notebook"]
"""What people bring in: of their own, from the review of code, or from notes that they keep."""
SourceKind = Literal["reflection"] | GivenSource


def _one_name(name: str) -> str:
    if "\n" in name or printable(name) != name:
        raise ValueError("a name is one line without control characters")
    return name


OneName = Annotated[str, StringConstraints(max_length=200), AfterValidator(_one_name)]
"""Of a person or a file."""


class Source(BaseModel):
    """Who proposed or edited a rule.

    Attributes:
        kind: a reflection of the Builder, or how it came from people.
        by: the unit that reflected, or who brought it in.
        file: the name of the file in which it stood; empty if it stood in none.
    """

    model_config = FROZEN

    kind: SourceKind
    by: str
    file: OneName = ""

    def __str__(self) -> str:
        """For lists."""
        return f"{self.kind} {self.by}" + (f" ({self.file})" if self.file else "")
