"""Waits, before a run begins, for a model server that is not up yet."""

import time
from collections.abc import Callable

from utils.completions import Model
from utils.errors import Interrupted, ModelFault, ModelRefused
from utils.numbers import span_words
from utils.signals import StopRequest
from utils.waiting import Backoff


def wait_for_model(model: Model, *, longest_s: float, request: StopRequest, note: Callable[[str], None]) -> None:
    """Return once the model tells its name; tries with growing waits, and says so once.

    Args:
        model: its server may be away.
        longest_s: from one try to the next.
        request: ends the waiting.
        note: hears a line when it begins, and one when it is over.

    Raises:
        ModelRefused: the server is there and does not want us; waiting would not help.
        Interrupted: a person asked to stop.
    """
    backoff, began_s = Backoff(longest_s), time.monotonic()
    while True:
        try:
            _ = model.name
        except (Interrupted, ModelRefused):
            raise
        except ModelFault as error:
            if not backoff.failures:
                note(f"waiting for the model: {error}")
            if request.wait(backoff.next_s()):
                raise Interrupted("asked to stop while it waited for the model") from error
        else:
            break
    if backoff.failures:
        note(f"the model is there after {span_words(time.monotonic() - began_s)}")
