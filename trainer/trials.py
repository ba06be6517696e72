"""Puts learned things on trial: from then on their coins are bets, and fall more often.

A thing goes on trial once at least TRIAL_SHOWS graded units saw it and its believed effect lies more than TRIAL_SDS
standard deviations above 0. That rests on the past alone, so that its number in the order of going on trial, which its
certificate has to pay for, may rest on it. A trial is never ended; a new version of a rule has to earn its own.
"""

from collections.abc import Sequence

from memory.assignment import RECALL
from memory.learning import Learning

TRIAL_SHOWS = 16
TRIAL_SDS = 1.0


def numbered(keys: Sequence[str], learning: Learning) -> dict[str, int]:
    """For each nominee of a unit that is about to be decided its number, from 1; 0 if it is not on trial."""
    certificates = learning.evidence.certificates
    found, latest = {}, len(certificates)
    for key in keys:
        found[key] = certificates.order(key)
        if not found[key] and _promises(key, learning):
            latest += 1
            found[key] = latest
    return found


def _promises(key: str, learning: Learning) -> bool:
    if _shows(key, learning) < TRIAL_SHOWS:
        return False
    belief = learning.model.effect(key, skills=())
    return belief.mean > TRIAL_SDS * belief.sd


def _shows(key: str, learning: Learning) -> int:
    """Graded units that saw the present version, which is the one that is nominated."""
    name = key.rpartition("@")[0]
    record = learning.rules.get(name)
    if record is not None:
        return record.shown
    return learning.recalls if name == RECALL else 0
