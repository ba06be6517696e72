"""Does what people left in the inbox want, and says of each wish what was done, or why it was not."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from memory import run_wishes
from memory.digests import task_digest
from memory.events import BlueprintRolledBack, Event, Happening, TaskAdded, Validated
from memory.inbox import Wish
from memory.rule_wishes import AnyWish, batches, event_of, why_impossible
from memory.state import MemoryState

log = structlog.get_logger()

TRIED_WHEN_ADDED = "it was tried when it was added"


class Granting:
    """Turns wishes into events; what has become impossible since it was wanted is left out.

    Args:
        state: what the log adds up to.
        append: writes events.
        told: hears a line for each wish.
        now: the time.
    """

    def __init__(
        self,
        state: MemoryState,
        append: Callable[[Sequence[Happening]], list[Event]],
        *,
        told: Callable[[str], None],
        now: Callable[[], datetime],
    ) -> None:
        self._state, self._append, self._told, self._now = state, append, told, now

    def grant(self, wishes: Sequence[Wish]) -> None:
        """All that can be done, in order: tasks, confirmed checks, then what is wanted of the run, rules, blueprints.

        Raises:
            StorageFault: the disk refuses.
        """
        if tasks := [TaskAdded(task=task, by=wish.by) for wish in wishes for task in wish.tasks]:
            tried = {digest for wish in wishes for digest in wish.tried}
            digests = {each.task.id: task_digest(each.task) for each in tasks}
            sound = [Validated(task_id=task, sound=True, why=TRIED_WHEN_ADDED, task_digest=digest)
                     for task, digest in digests.items() if digest in tried]  # fmt: skip
            self._append(tasks)
            if sound:
                self._append(sound)
            for each in tasks:
                self._done(each.by, f"{each.task.id} is added, priority {each.task.priority}")
        for wish in wishes:
            self._confirm(wish)
        for wish in wishes:
            self._steer_run(wish)
            self._steer_rules(wish)
            self._roll_back(wish)

    def _confirm(self, wish: Wish) -> None:
        drafts = self._state.proposals.drafts
        if confirmed := [drafts[task] for task in dict.fromkeys(wish.confirm) if task in drafts]:
            self._append([TaskAdded(task=task, by=wish.by) for task in confirmed])
            for task in confirmed:
                self._done(wish.by, f"the proposed checks of {task.id} count from now on")

    def _steer_run(self, wish: Wish) -> None:
        for each in wish.run:
            if why := run_wishes.why_not(self._state, each):
                self._refused(wish.by, why)
                continue
            word = run_wishes.event_of(self._state, each, by=wish.by, now=self._now())
            self._append([word])
            self._done(wish.by, run_wishes.in_words(word))

    def _steer_rules(self, wish: Wish) -> None:
        for batch in batches(wish.rules):
            if why := next(filter(None, (why_impossible(self._state.learning.rules, each) for each in batch)), ""):
                self._refused(wish.by, why)
                continue
            self._append([event_of(each, by=wish.by) for each in batch])
            for each in batch:
                self._done(wish.by, _rule_words(each))

    def _roll_back(self, wish: Wish) -> None:
        for each in wish.blueprints:
            if why := self._state.blueprints.why_not_back(each.blueprint):
                self._refused(wish.by, why)
                continue
            self._append([BlueprintRolledBack(blueprint=each.blueprint, by=wish.by)])
            self._done(wish.by, f"{each.blueprint} is taken back")

    def _done(self, by: str, what: str) -> None:
        log.info("inbox.done", by=by, what=what)
        self._told(f"{by}: {what}")

    def _refused(self, by: str, why: str) -> None:
        log.warning("inbox.impossible", by=by, why=why)
        self._told(f"{by}: not done: {why}")


def _rule_words(wish: AnyWish) -> str:
    match wish.kind:
        case "add":
            return f"a rule is brought in: {wish.text}"
        case "edit":
            return f"{wish.rule} has a new text: {wish.text}"
        case "judge":
            return f"{wish.rule} is {wish.standing} now"
        case "merge":
            return f"{wish.other} is merged into {wish.kept}"
        case "unmerge":
            return f"{wish.rule} stands by itself again"
