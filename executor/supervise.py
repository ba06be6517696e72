"""The host's side of every sandbox: orders a launcher about, trusts its control stream only, and has the last word.

What a launcher reports is a result. Without a report: before `started` the sandbox failed (SandboxFault); after it,
the time limit passed (TIMEOUT), the host ended it (CANCELLED), or the isolation was lost, and then the isolation says
whether that can have been the job's doing. Where it can, it is an outcome (SIGNAL or OOM): a job shall not be able to
have itself tried again for ever by breaking its sandbox.
"""

import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from executor.isolation import CLOSE_GRACE_S, Isolation, Loss, framed, header_of
from executor.sandbox import (
    MAX_FRAME,
    ConversationCancelled,
    ConversationEnded,
    ExecutionResult,
    Job,
    Limits,
    Output,
    Program,
    Status,
    Tier,
)
from utils.errors import SandboxFault

BACKSTOP_S = 2.0  # what a launcher has to end a job and report, beyond the job's wall limit
DRAIN_S = 0.5  # for a report that is there but stands behind data that nobody read
LOOK_S = 0.1  # how often a waiting thread looks whether the sandbox was closed
MAX_REPORT = 64 << 20
LENGTH = 4  # bytes of a frame's length


def _output(report: Mapping[str, Any]) -> Output:
    return Output(base64.b64decode(report["head"]), base64.b64decode(report["tail"]), int(report["total"]))


class Supervision:
    """One job or program from its start to its result; a Conversation. Several threads may call it."""

    def __init__(
        self, isolation: Isolation, what: Job | Program, *, tier: Tier, on_end: Callable[["Supervision"], None]
    ) -> None:
        self._isolation, self._tier, self._what, self._on_end = isolation, tier, what, on_end
        self._lock, self._cancelled = threading.RLock(), threading.Event()
        self._inbox, self._control = bytearray(), bytearray()
        self._report: dict[str, Any] | None = None
        self._ended = self._closing = False
        self._flaw = self._said = ""
        self._began, self._deadline = 0.0, float("inf")
        self._conclusion: ExecutionResult | SandboxFault | None = None

    def start(self, *, within_s: float) -> None:
        """Give the orders and wait until the launcher has begun the job.

        Raises:
            SandboxFault: it did not.
        """
        with self._lock:
            outgoing = memoryview(header_of(self._what, self._isolation))
            until = time.monotonic() + within_s
            while not self._began and not self._ended and time.monotonic() < until and not self._cancelled.is_set():
                outgoing = outgoing[self._step(outgoing) :]
            if not self._began:
                self.close()

    def send(self, frame: bytes) -> None:
        """Hand one frame to the program."""
        if len(frame) > MAX_FRAME:
            raise ValueError(f"a frame may have {MAX_FRAME} bytes, this one has {len(frame)}")
        with self._lock:
            outgoing = memoryview(framed(frame))
            while outgoing:
                if self._over() or self._report is not None:
                    raise self._end()
                outgoing = outgoing[self._step(outgoing) :]

    def receive(self) -> bytes:
        """The program's next frame."""
        with self._lock:
            while (frame := self._next_frame()) is None:
                if self._over():
                    raise self._end()
                self._step(memoryview(b""))
            return frame

    def finish(self) -> ExecutionResult:
        """Wait for the job's own end."""
        with self._lock:
            while self._report is None and not self._over():
                self._step(memoryview(b""), discard=True)
            return self.close()

    def close(self) -> ExecutionResult:
        """End what still runs and tell how it ended; the same answer every time."""
        with self._lock:
            if self._conclusion is None:
                self._conclusion = self._conclude()
            if isinstance(self._conclusion, SandboxFault):
                raise self._conclusion
            return self._conclusion

    def cancel(self) -> None:
        """Make every waiting call come back soon; from any thread."""
        self._cancelled.set()

    def _end(self) -> ConversationEnded:
        if self._cancelled.is_set():
            return ConversationCancelled("the sandbox was closed")
        return ConversationEnded(self._flaw or "the program has ended")

    def _over(self) -> bool:
        """Whether nothing more can come."""
        late = time.monotonic() >= self._deadline
        return self._ended or self._closing or late or bool(self._flaw) or self._cancelled.is_set()

    def _step(self, outgoing: memoryview, *, discard: bool = False) -> int:
        """Look at the streams once; how much of outgoing went out."""
        room = discard or len(self._inbox) < MAX_FRAME + LENGTH
        seen = self._isolation.exchange(outgoing, take_data=room, timeout_s=LOOK_S)
        if not discard:
            self._inbox += seen.data
        self._control += seen.control
        self._ended = seen.ended
        while (event := self._next_event()) is not None:
            self._take(event)
        return seen.written

    def _next_frame(self) -> bytes | None:
        """The first complete frame of the inbox, taken out."""
        size = _announced(self._inbox)
        if size > MAX_FRAME:
            self._flaw = f"the program sent a frame of {size} bytes, more than {MAX_FRAME}"
            return None
        return _take_from(self._inbox, size)

    def _next_event(self) -> dict[str, Any] | None:
        """The launcher's next report; what does not look like one is a message of the isolation's own tools."""
        size = _announced(self._control)
        raw = _take_from(self._control, size) if size <= MAX_REPORT else None
        return None if raw is None else json.loads(raw)

    def _take(self, event: dict[str, Any]) -> None:
        if event["event"] == "started":
            self._began = time.monotonic()
            self._deadline = self._began + self._what.limits.wall_s + BACKSTOP_S
        elif event["event"] == "result":
            self._report = event
        else:
            self._said = str(event["detail"])

    def _conclude(self) -> ExecutionResult | SandboxFault:
        """End it, free it, and find the word for it."""
        loss: Loss | None = None
        killed = False
        try:
            self._wait_for_report()
            killed = self._report is None and not self._ended
            if killed:
                self._isolation.kill()
            elif self._began and self._report is None:
                loss = self._isolation.loss()
        finally:
            self._inbox.clear()
            self._isolation.dispose()
            self._on_end(self)
        if self._report is not None:
            return self._reported(self._report)
        if not self._began:
            return SandboxFault(f"the {self._tier.kind} sandbox could not start a job: {self._why_not_begun()}")
        if killed:
            return self._unreported(self._ended_by_host())
        if loss is None:
            return SandboxFault(f"the {self._tier.kind} sandbox was lost while a job ran")
        return self._unreported(loss)

    def _ended_by_host(self) -> Loss:
        if self._flaw:
            return Loss(Status.OUTPUT_LIMIT, self._flaw)
        if time.monotonic() >= self._deadline:
            return Loss(Status.TIMEOUT, "ended by the host: the launcher did not answer in time")
        return Loss(Status.CANCELLED, "ended by the host: the launcher did not close in time")

    def _wait_for_report(self) -> None:
        """Close the launcher's input, which ends the job, and hear what it says to that."""
        self._closing = True
        self._isolation.close_input()
        now = time.monotonic()
        until = max(now + DRAIN_S, min(self._deadline, now + CLOSE_GRACE_S + BACKSTOP_S))
        while self._began and self._report is None and not self._ended and time.monotonic() < until:
            self._step(memoryview(b""), discard=True)

    def _why_not_begun(self) -> str:
        said = self._said or bytes(self._control[:2000]).decode("utf-8", "replace").strip()
        return said or ("it was closed" if self._cancelled.is_set() else "no answer in time")

    def _reported(self, report: Mapping[str, Any]) -> ExecutionResult:
        result = ExecutionResult(
            status=Status(report["status"]),
            exit_code=report["exit_code"],
            signal=report["signal"],
            stdout=_output(report["stdout"]),
            stderr=_output(report["stderr"]),
            wall_s=report["wall_s"],
            cpu_s=report["cpu_s"],
            peak_mb=report["peak_mb"],
            tier=self._tier,
            detail=report["detail"],
        )
        if not self._flaw:
            return result
        return replace(result, status=Status.OUTPUT_LIMIT, exit_code=None, signal=None, detail=self._flaw)

    def _unreported(self, loss: Loss) -> ExecutionResult:
        wall_s = time.monotonic() - self._began
        return ExecutionResult(
            status=loss.status,
            signal=9 if loss.status is Status.SIGNAL else None,
            wall_s=wall_s,
            cpu_s=wall_s,
            peak_mb=0.0,
            tier=self._tier,
            detail=loss.detail,
        )


def _announced(stream: bytearray) -> int:
    """The size of the frame at the start of stream; 0 if even that is not there yet."""
    return int.from_bytes(stream[:LENGTH], "big") if len(stream) >= LENGTH else 0


def _take_from(stream: bytearray, size: int) -> bytes | None:
    """The frame of that size at the start of stream, taken out; None if it is not all there."""
    if len(stream) < LENGTH + size:
        return None
    frame = bytes(stream[LENGTH : LENGTH + size])
    del stream[: LENGTH + size]
    return frame


class Supervisor:
    """What all sandboxes share: starts isolations, knows what runs, ends it at close. Safe to use from threads."""

    def __init__(self, tier: Tier, launch: Callable[[Limits], Isolation], *, start_s: float = 15.0) -> None:
        self.tier, self._launch, self._start_s = tier, launch, start_s
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

    def _start(self, what: Job | Program) -> Supervision:
        supervision = Supervision(self._launch(what.limits), what, tier=self.tier, on_end=self._forget)
        with self._lock:
            closed = self._closed
            self._running.add(supervision)
        if closed:
            supervision.cancel()
        supervision.start(within_s=self._start_s)
        return supervision

    def _forget(self, supervision: Supervision) -> None:
        with self._lock:
            self._running.discard(supervision)
