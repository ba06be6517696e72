"""The latest units for which a rule was nominated, with its coin and what came of them, read off the log's lines."""

import json
from collections import deque
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from memory.event_lines import segments
from memory.reading import belog_of
from utils.errors import InputError

Shown = Literal["shown", "dropped", "control"]


class RuleCoin(BaseModel):
    """One nomination.

    Attributes:
        unit_id: the unit.
        task_id: its task.
        version: of the rule's text.
        score: its tempered Thompson draw, in logits; None if it was pinned.
        drop_probability: of its coin.
        holdout_probability: of the unit's.
        came: `control` if the unit saw nothing that was learned, else what the rule's own coin said.
        success: of the unit; None while it is under way, and for an ungraded task.
    """

    unit_id: str
    task_id: str
    version: int
    score: float | None
    drop_probability: float
    holdout_probability: float
    came: Shown
    success: bool | None


def latest_coins(folder: Path, rule: str, *, most: int) -> list[RuleCoin]:
    """The latest nominations of a rule, newest first; the log is read as text, so that a long one takes moments.

    Args:
        folder: the memory's.
        rule: its id.
        most: of them.
    """
    named, kind = json.dumps(rule).encode(), b'"kind":"decided"'
    found: deque[bytes] = deque(maxlen=most)
    for segment in segments(folder / "events"):
        with segment.open("rb") as lines:
            found.extend(line for line in lines if named in line and kind in line and line.endswith(b"\n"))
    coins = (_coin(folder, json.loads(line)["data"], rule) for line in reversed(found))
    return [coin for coin in coins if coin is not None]


def _coin(folder: Path, data: dict[str, Any], rule: str) -> RuleCoin | None:
    """The rule's coin in a line; None if the line only speaks of the rule."""
    assignment = data.get("assignment") or {"nominees": []}
    nominee = next((each for each in assignment["nominees"] if each["id"] == rule), None)
    if nominee is None:
        return None
    unit = data["spec"]["unit_id"]
    return RuleCoin(
        unit_id=unit,
        task_id=data["spec"]["task_id"],
        version=nominee["version"],
        score=nominee["score"],
        drop_probability=nominee["drop_probability"],
        holdout_probability=assignment["holdout_probability"],
        came="control" if assignment["control"] else "dropped" if nominee["dropped"] else "shown",
        success=_success(folder, unit),
    )


def _success(folder: Path, unit: str) -> bool | None:
    try:
        return belog_of(folder, unit).success
    except InputError:  # it has none yet
        return None
