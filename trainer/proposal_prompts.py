"""What the Trainer asks the model for: a new task, worded from files with named slots."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from utils.text import clip, one_line

FOLDER = Path(__file__).parent / "prompts"
LINE_CHARS = 160
GOAL_CHARS = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new task should be.

    Attributes:
        skill: the main one.
        difficulty: 0..1.
        mistakes: that the Builder made lately.
        known: names of tasks that it must differ from.
        refused: earlier proposals and why they were refused.
    """

    skill: str
    difficulty: float
    mistakes: Sequence[str] = ()
    known: Sequence[str] = ()
    refused: Sequence[str] = ()


def proposal_prompt(wanted: Wanted) -> str:
    """The request for a task; what a model or a task said stands in it as one bounded line each."""
    return (
        _environment()
        .get_template("propose.jinja")
        .render(
            skill=wanted.skill,
            difficulty=wanted.difficulty,
            mistakes=[one_line(each, LINE_CHARS) for each in wanted.mistakes],
            known=[one_line(each, LINE_CHARS) for each in wanted.known],
            refused=[one_line(each, LINE_CHARS) for each in wanted.refused],
        )
        .strip()
    )


def checks_prompt(goal: str, entry_point: str | None) -> str:
    """The request for checks of a person's task."""
    slots = {"goal": clip(goal.strip(), GOAL_CHARS), "entry_point": entry_point or ""}
    return _environment().get_template("checks.jinja").render(**slots).strip()


def _environment() -> Environment:
    # what a model or a task wrote is a value of a slot and never a template; nothing here is HTML
    return Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
    )
