"""What was decided by lot for a unit before it began: its arm, and which learned things it may see."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from memory.attempts import FROZEN, Share
from memory.evidence.logged import Prediction

RECALL = "recall"
"""The id under which showing similar attempts is tested, like a rule."""

Lot = Annotated[int, Field(ge=0, lt=2**64)]
"""64 raw bits; a coin says yes if they are below its probability times 2**64."""


class Nominee(BaseModel):
    """Something learned that may be shown, with its own coin.

    Attributes:
        kind: a rule, or the recall of earlier attempts.
        id: the rule's, or `recall`.
        version: of the rule's text; 1 for recall.
        score: its tempered Thompson draw, in logits, 12 significant digits; None if a person pinned it.
        drop_probability: of its coin.
        lot: the coin's bits.
        dropped: what the coin said.
        trial: its number in the order in which learned things went on trial, from 1; 0 if it is not on trial.
        baseline: the logit of passing without it, as the other coins fell, that the model of the Builder gave before;
            12 significant digits; None if it is not on trial, and for controls, in which its coin decides nothing.
        log_e: of one on trial, the evidence that it helps as it was known then, ln E with 12 significant digits.
    """

    model_config = FROZEN

    kind: Literal["rule", "recall"]
    id: str
    version: Annotated[int, Field(ge=1)] = 1
    score: float | None = None
    drop_probability: Share
    lot: Lot
    dropped: bool
    trial: Annotated[int, Field(ge=0)] = 0
    baseline: Annotated[float, Field(allow_inf_nan=False)] | None = None
    log_e: Annotated[float, Field(allow_inf_nan=False)] | None = None

    @property
    def key(self) -> str:
        """What the model of the Builder knows it by."""
        return f"{self.id}@{self.version}"


class Assignment(BaseModel):
    """The coins of one unit; tossed once, logged before it starts.

    Attributes:
        holdout_probability: of the coin that makes the unit a control; 0 where there is no nominee, for then there is
            nothing to hold out.
        lot: that coin's bits.
        control: nothing learned is in the prompts.
        nominees: in the order of the prompt; for controls, what would have been nominated.
    """

    model_config = FROZEN

    holdout_probability: Share
    lot: Lot
    control: bool
    nominees: tuple[Nominee, ...] = ()

    @property
    def shown(self) -> tuple[Nominee, ...]:
        """The nominees that the Builder sees."""
        return () if self.control else tuple(each for each in self.nominees if not each.dropped)


class BlueprintToss(BaseModel):
    """The coin that decides with which version of a blueprint on trial a unit is worked on.

    Attributes:
        trial: the trial's number, in the order in which revisions went on trial, from 1.
        probability: of the revision.
        lot: the coin's bits.
        challenger: what the coin said: the revision, or else the version that was used before.
        prediction: what was expected of passing, from the past of this trial alone.
        log_e: the evidence that the revision is better as it was known then, ln E with 12 significant digits.
    """

    model_config = FROZEN

    trial: Annotated[int, Field(ge=1)]
    probability: Share
    lot: Lot
    challenger: bool
    prediction: Prediction
    log_e: Annotated[float, Field(allow_inf_nan=False)]
