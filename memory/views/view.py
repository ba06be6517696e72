"""What a view is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from memory.events import Event
from memory.state import MemoryState


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a view: its path below the memory's folder, and what stands in it."""

    path: str
    body: BaseModel


class View(Protocol):
    """Turns events into documents. Folding an event costs the same however many came before."""

    def fold(self, event: Event, state: MemoryState) -> None:
        """Take one event in; `state` has it already."""
        ...

    def changed(self) -> Iterator[Document]:
        """The documents that differ since they were last asked for.

        A document counts as changed until the one after it was asked for: the writer may fail at any of them, and is
        given the same again.
        """
        ...
