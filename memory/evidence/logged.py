"""What the log keeps of evidence: what was predicted of a unit, and what was known, before its coins were tossed."""

from typing import Annotated

from pydantic import BaseModel, Field

from memory.attempts import FROZEN, Share


class Prediction(BaseModel):
    """What was expected of a unit's outcome, 0..1, before its coin was tossed; 12 significant digits.

    Attributes:
        mean: whatever the coin says.
        treated: if something learned is shown.
        control: if not.
    """

    model_config = FROZEN

    mean: Share
    treated: Share
    control: Share


class Predictions(BaseModel):
    """For each claim, of the unit: passed, passed at the first try, no repeated mistake, and its score.

    `score_sd` is the standard deviation of scores about their predictions so far.
    """

    model_config = FROZEN

    passed: Prediction
    passed_first: Prediction
    no_repeat: Prediction
    score: Prediction
    score_sd: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class EvidenceMark(BaseModel):
    """The evidence on the primary claim when something was decided: units that counted, ln E of help and of harm."""

    model_config = FROZEN

    units: Annotated[int, Field(ge=0)]
    log_helps: float
    log_harms: float


class TrialFigures(BaseModel):
    """What the coins of a trial had come to; floats with 12 significant digits.

    `passed` and `failed` are pairs: units of the version before, and of the revision; `log_needed` is what ln E had to
    reach for an adoption, by the trial's number.
    """

    model_config = FROZEN

    passed: tuple[int, int]
    failed: tuple[int, int]
    log_helps: float
    log_harms: float
    log_needed: float
    effect: float
    """Average effect on passing so far."""
