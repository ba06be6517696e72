"""What the Trainer saw when it looked at the memory."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import FROZEN, Share
from memory.levels import Level, LevelTrend
from memory.tasks import TaskId

Efficiency = Annotated[float, Field(ge=0, le=100)]
Count = Annotated[int, Field(ge=0)]


class SkillFinding(BaseModel):
    """One skill by its pass record; `low` and `high` are the 95 % Wilson interval of the pass rate."""

    model_config = FROZEN

    skill: str
    attempts: Annotated[int, Field(ge=0)]
    pass_rate: Share
    low: Share
    high: Share
    recent_pass_rate: Share
    """Of the last 10 attempts."""
    target_difficulty: Share
    level: Level | None = None
    """By the model of the Builder; None in analyses that were made before there was one."""
    trend: LevelTrend | None = None
    efficiency_score: Efficiency | None = None
    """The mean of the latest 20 attempts', 0..100, see memory.efficiency; None in older analyses."""


class ErrorFinding(BaseModel):
    """A class of errors, how often it ended an attempt, and one example."""

    model_config = FROZEN

    error_class: str
    count: Annotated[int, Field(ge=1)]
    example_task: str
    example: str


class Recurrence(BaseModel):
    """Something that came up in several of the latest units.

    Attributes:
        words: what, for a person.
        count: of the units in which it came up.
        by_skill: of these, by skill; a unit may practise several.
        example_task: of the latest of them.
        example_unit: that unit.
        example: what it did there.
    """

    model_config = FROZEN

    words: str
    count: Annotated[int, Field(ge=1)]
    by_skill: dict[str, int]
    example_task: TaskId
    example_unit: str
    example: str


class MistakeFinding(Recurrence):
    """A mistake by its signature, see memory.signatures."""

    signature: str


class StyleFinding(Recurrence):
    """A poor habit of solutions, by its rule in memory.code_style."""

    rule: str


class LearnedFinding(BaseModel):
    """A learned thing of which evidence says something.

    Attributes:
        id: of the rule; `recall` for what is told of earlier attempts.
        version: of its text.
        text: of that version, empty for recall.
        verdict: certified and retired are proven, supported may vanish again.
        effect: what is believed of its effect on passing, in logits; `sd` is its standard deviation.
        shown: units on trial that saw it.
        shown_passed: of these, those that passed.
        dropped: units on trial that by lot did not.
        dropped_passed: of these, those that passed.
    """

    model_config = FROZEN

    id: str
    version: Annotated[int, Field(ge=1)]
    text: str
    verdict: Literal["certified", "supported", "retired"]
    effect: float
    sd: Annotated[float, Field(ge=0)]
    shown: Count
    shown_passed: Count
    dropped: Count
    dropped_passed: Count


class ChoiceFinding(BaseModel):
    """A unit that was decided, and why; `outcome` is empty while it has none."""

    model_config = FROZEN

    unit_id: str
    task_id: TaskId
    slot: str
    why: str
    outcome: str


class RecheckFinding(BaseModel):
    """A skill's tasks that were tried again after the model changed: failed after a pass, passed after a failure.

    `p_value` is that of the exact two-sided sign test of falls against rises; 1 without any.
    """

    model_config = FROZEN

    skill: str
    tasks: Annotated[int, Field(ge=1)]
    falls: Annotated[int, Field(ge=0)]
    rises: Annotated[int, Field(ge=0)]
    p_value: Share


class FallFinding(BaseModel):
    """A skill that got worse, see memory.falls; `noticed` and `since` are numbers of attempts of the memory."""

    model_config = FROZEN

    skill: str
    noticed: Annotated[int, Field(ge=1)]
    since: Annotated[int, Field(ge=1)]
    tries: Annotated[int, Field(ge=1)]
    failures: Annotated[int, Field(ge=0)]
    expected: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """Failures that were forecast."""


class Calibration(BaseModel):
    """How good the forecasts of passing were: Brier scores, 0..1, smaller is better.

    `constant` is what the best constant forecast scores, which only hindsight knows.
    """

    model_config = FROZEN

    units: Annotated[int, Field(ge=1)]
    brier: Share
    constant: Share


class TaskList(BaseModel):
    """Some tasks: how many, and the names of the first ones by id."""

    model_config = FROZEN

    count: Annotated[int, Field(ge=0)] = 0
    first: tuple[TaskId, ...] = ()


class Analysis(BaseModel):
    """A look at the whole memory, in numbers and in words.

    Attributes:
        number: of the analysis, from 1.
        units: that had ended.
        pass_rate: of the graded ones.
        skills: by name.
        errors: the most frequent first.
        weakest: the skill whose level's interval ends lowest: surely weak before perhaps weak. None at the beginning.
        strongest: the skill whose level's interval begins highest, if there are two.
        rechecks: by skill, since the model changed.
        falls: skills that got worse, the latest last, of the latest 20.
        quarantined: tasks that are suspected of being broken, and not chosen.
        dead_ends: tasks that fail again and again, and are not chosen until something changes.
        calibration: of the forecasts; None while there is none.
        mistakes: the most frequent signatures among the latest graded units, at most 5.
        mistakes_in: how many units these were.
        style: the most frequent poor habits in the latest scored solutions, at most 8.
        style_in: how many solutions these were.
        learned: what is proven or supported of learned things, help first, at most 10.
        tried: the latest decided units and why they were chosen, at most 10, oldest first.
        slots: how many units were decided since the analysis before, by what for, see memory.events.Slot.
        efficiency_score: the mean of the latest 50 graded attempts, 0..100; None before there was one.
        summary: a short paragraph.
    """

    model_config = FROZEN

    schema_version: Literal[1] = 1
    number: Annotated[int, Field(ge=1)]
    units: Annotated[int, Field(ge=0)]
    pass_rate: Share
    skills: tuple[SkillFinding, ...]
    errors: tuple[ErrorFinding, ...]
    weakest: str | None
    strongest: str | None = None
    rechecks: tuple[RecheckFinding, ...] = ()
    falls: tuple[FallFinding, ...] = ()
    quarantined: TaskList = TaskList()
    dead_ends: TaskList = TaskList()
    calibration: Calibration | None = None
    mistakes: tuple[MistakeFinding, ...] = ()
    mistakes_in: Count = 0
    style: tuple[StyleFinding, ...] = ()
    style_in: Count = 0
    learned: tuple[LearnedFinding, ...] = ()
    tried: tuple[ChoiceFinding, ...] = ()
    slots: dict[str, int] = Field(default_factory=dict)
    efficiency_score: Efficiency | None = None
    summary: str
