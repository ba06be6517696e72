"""What all kinds of sandbox are: a pool of slots, and the jobs that run in them."""

import contextlib
import threading
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from executor.isolation import Isolation
from executor.sandbox import ExecutionResult, Job, Limits, Program, Tier
from executor.slots import Pool, PoolRules, Slot
from executor.supervise import Supervision
from utils.errors import SandboxFault

ORDER_S = 10.0  # what an agent that was ready has to begin a job


class PooledSandbox:
    """A sandbox but for how its slots are made: a pool of them, what runs there now, the end of it all.

    Safe to use from several threads.

    Args:
        tier: which sandbox this is.
        make: starts an isolation for jobs with such limits.
        shape: what of a job's limits decides which isolation it can have.
        rules: of the pool.
        check: why an agent that says this of itself cannot have a job with such limits; empty if it can.
    """

    def __init__(
        self,
        tier: Tier,
        make: Callable[[Limits], Isolation],
        *,
        shape: Callable[[Limits], Hashable] = lambda _: None,
        rules: PoolRules,
        check: Callable[[Mapping[str, Any], Limits], str] = lambda _facts, _limits: "",
    ) -> None:
        self.tier, self._check = tier, check
        self._pool = Pool(make, shape, rules)
        self._lock, self._running, self._closed = threading.Lock(), set[Supervision](), False

    def run(self, job: Job) -> ExecutionResult:
        """Run a job to its end."""
        return self._start(job).finish()

    def converse(self, program: Program) -> Supervision:
        """Start a program to speak with."""
        return self._start(program)

    def close(self) -> None:
        """End all that runs; nothing starts any more."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for supervision in running:
            supervision.cancel()
        for supervision in running:
            with contextlib.suppress(SandboxFault):  # whoever runs it hears of that
                supervision.close()
        self._pool.close()

    def _start(self, what: Job | Program) -> Supervision:
        """The job has begun; where a slot has fallen meanwhile, in another one, for nothing has run yet."""
        slot = self._acquire(what.limits)
        try:
            return self._begin(what, slot)
        except SandboxFault:
            if self._closed or not (slot.ended or slot.jobs):  # what failed at once will fail again
                raise
        return self._begin(what, self._acquire(what.limits))

    def _acquire(self, limits: Limits) -> Slot:
        try:
            slot = self._pool.acquire(limits)
        except SandboxFault as fault:
            raise SandboxFault(f"the {self.tier.kind} sandbox could not start a job: {fault}") from fault
        if flaw := self._check(slot.facts, limits):
            self._pool.discard(slot)
            raise SandboxFault(f"the {self.tier.kind} sandbox could not start a job: {flaw}")
        return slot

    def _begin(self, what: Job | Program, slot: Slot) -> Supervision:
        supervision = Supervision(slot, what, tier=self.tier, on_end=self._forget)
        with self._lock:
            closed = self._closed
            self._running.add(supervision)
        if closed:
            supervision.cancel()
        supervision.start(within_s=ORDER_S)
        return supervision

    def _forget(self, supervision: Supervision, slot: Slot, *, reusable: bool) -> None:
        with self._lock:
            self._running.discard(supervision)
        if reusable:
            self._pool.release(slot)
        else:
            self._pool.discard(slot)
