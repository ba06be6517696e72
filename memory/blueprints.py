"""A blueprint: a versioned way of working for a family of tasks, and what is proposed to change it.

A family is the tasks of one main skill, or all tasks. Each family has one blueprint, whose versions are never used
again under the same number: a version that was dropped keeps it.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from memory.attempts import FROZEN, Share
from memory.tasks import Skill, TaskId

DEFAULT_ID = "builder-default"
MOST_GUIDANCE = 5
MOST_GUIDANCE_CHARS = 200
HOTTEST = 1.2
MOST_REPAIRS = 4
MOST_RECALL_TOKENS = 2000
MOST_RULES = 3

Family = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9_-]*)?$", max_length=50)]
"""A main skill; empty for all tasks."""
GuidanceLine = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_GUIDANCE_CHARS, pattern=r"^[^\n\r]*$")
]
Guidance = Annotated[tuple[GuidanceLine, ...], Field(max_length=MOST_GUIDANCE)]


class Way(BaseModel):
    """What a blueprint decides of an attempt; None leaves it to the run's settings.

    Attributes:
        guidance: lines that the prompt for a solution adds, behind the task and before what was learned.
        plan_first: whether a plan in words is asked for before the code, in the same reply.
        temperature: the model's sampling temperature, 0..1.2.
        max_repairs: repair turns after a failure, 1..4; a run that asks for one reply a unit keeps to one.
        recall_tokens: most tokens of a prompt that tell of earlier attempts; 0 for none.
        most_rules: most rules that are nominated, 0..3; those that a person pinned are not counted.
    """

    model_config = FROZEN

    guidance: Guidance = ()
    plan_first: bool = False
    temperature: Annotated[float, Field(ge=0, le=HOTTEST, allow_inf_nan=False)] | None = None
    max_repairs: Annotated[int, Field(ge=1, le=MOST_REPAIRS)] | None = None
    recall_tokens: Annotated[int, Field(ge=0, le=MOST_RECALL_TOKENS)] | None = None
    most_rules: Annotated[int, Field(ge=0, le=MOST_RULES)] | None = None

    @property
    def worded(self) -> bool:
        """Whether the prompt for a solution differs from the plain one."""
        return bool(self.guidance) or self.plan_first


PLAIN = Way()
"""As the program comes."""


class Blueprint(BaseModel):
    """How the Builder goes about a family of tasks; every BELog names its blueprint and version."""

    model_config = FROZEN

    schema_version: Literal[1] = 1
    id: str
    version: Annotated[int, Field(ge=1)]
    title: str
    prompts: tuple[str, ...]
    """Names of the prompt files, in the order of their use."""
    prompts_sha256: str
    """Of all those files together: a blueprint is the words too."""
    family: Family = ""
    way: Way = PLAIN
    revised: bool = False
    """Whether the Trainer wrote it; else it came with the program."""

    @property
    def key(self) -> str:
        """Its id with its version."""
        return f"{self.id}@{self.version}"


class BlueprintRevisionProposal(BaseModel):
    """A change of a family's way of working that the model proposed, and what the change touches.

    Attributes:
        family: whose tasks it is for.
        title: the change in a few words.
        why: what it should mend, in the model's words.
        way: the whole new way of working.
        touched_skills: all skills of the family's tasks, its own and those that it shares with other tasks.
        breakage_risk: how likely a task of these skills that was passed fails when it is tried again, 0..1; see
            trainer.blueprint_breakage.
        cross_check: tasks that pass today and that the change touches; they are tried under the new version soon.
    """

    model_config = FROZEN

    schema_version: Literal[1] = 1
    family: Family
    title: Annotated[str, Field(min_length=1, max_length=100)]
    why: Annotated[str, Field(max_length=500)] = ""
    way: Way
    touched_skills: tuple[Skill, ...] = ()
    breakage_risk: Share = 0.5
    cross_check: tuple[TaskId, ...] = ()

    @property
    def cross_check_required(self) -> bool:
        """Whether something that passes today is touched."""
        return bool(self.cross_check)


class RollBack(BaseModel):
    """A person's wish that a blueprint goes back to the version that was used before the present one."""

    model_config = FROZEN

    blueprint: Annotated[str, Field(min_length=1, max_length=100)]


def blueprint_id(family: str) -> str:
    """The id of a family's own blueprint."""
    return f"builder-for-{family}" if family else DEFAULT_ID
