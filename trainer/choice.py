"""What the Trainer chose, and why."""

from dataclasses import dataclass

from memory.events import Slot


@dataclass(frozen=True, slots=True)
class Choice:
    """A task, what kind of choice it was, and the reason for it in words."""

    task_id: str
    slot: Slot
    why: str
