"""Shorthands for arrays whose leading axis is that of the nights."""

import numpy as np
from numpy.typing import NDArray

from memory.builder_model import Floats, Numbers

Bools = NDArray[np.bool_]
NONE = -1
"""In an array of rules: no rule."""


def logistic(logits: Floats) -> Floats:
    """1 / (1 + exp(-logit)), elementwise, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))


def logit(probabilities: Floats) -> Floats:
    """ln(p / (1 - p)), elementwise."""
    return np.asarray(np.log(probabilities) - np.log1p(-probabilities))


def picked(values: Floats | Numbers | Bools, rules: Numbers) -> Floats:
    """values[night, rules[night, i]], and 0 where there is NONE; shapes (nights, rules) and (nights, n)."""
    found = np.take_along_axis(values, np.maximum(rules, 0), axis=1)
    return np.asarray(np.where(rules >= 0, found, 0.0), dtype=float)
