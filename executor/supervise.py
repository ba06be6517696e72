"""The host's side of every sandbox: orders an agent about, trusts its words only, and has the last word itself.

What an agent reports is a result. Without a report: before `started` the sandbox failed (SandboxFault); after it,
the time limit passed (TIMEOUT), the host ended it (CANCELLED), or the isolation was lost, and then the isolation says
whether that can have been the job's doing. Where it can, it is an outcome (SIGNAL or OOM): a job shall not be able to
have itself tried again for ever by breaking its sandbox.
"""

import io
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from executor.agent.frames import LENGTH, MalformedError, packed
from executor.isolation import CLOSE_GRACE_S, END, Loss, order
from executor.sandbox import (
    MAX_FRAME,
    ConversationCancelled,
    ConversationEnded,
    ExecutionResult,
    Job,
    Output,
    Program,
    Status,
    Tier,
)
from executor.slots import LOOK_S, Slot
from utils.errors import SandboxFault

BACKSTOP_S = 2.0  # what an agent has to end a job and report, beyond the job's wall limit
DRAIN_S = 0.5  # for a report that is there but stands behind data that nobody read


class EndOfSupervision(Protocol):
    """Who is told when a supervision is over."""

    def __call__(self, supervision: "Supervision", slot: Slot, *, reusable: bool) -> None:
        """The slot is free again; reusable if its agent reported."""
        ...


class Supervision:
    """One job or program from its start to its result; a Conversation. Several threads may call it."""

    def __init__(self, slot: Slot, what: Job | Program, *, tier: Tier, on_end: "EndOfSupervision") -> None:
        self._slot, self._tier, self._what, self._on_end = slot, tier, what, on_end
        self._lock, self._cancelled = threading.RLock(), threading.Event()
        self._inbox = bytearray()
        self._report: ExecutionResult | None = None
        self._closing = False
        self._flaw = self._said = ""
        self._began, self._deadline = 0.0, float("inf")
        self._conclusion: ExecutionResult | SandboxFault | None = None

    def start(self, *, within_s: float) -> None:
        """Give the orders and wait until the agent has begun the job.

        Raises:
            SandboxFault: it did not.
        """
        with self._lock:
            self._slot.put(order(self._what))
            until = time.monotonic() + within_s
            while not self._began and not self._over() and not self._said and time.monotonic() < until:
                self._step()
            if not self._began:
                self.close()

    def send(self, frame: bytes) -> None:
        """Hand one frame to the program."""
        if len(frame) > MAX_FRAME:
            raise ValueError(f"a frame may have {MAX_FRAME} bytes, this one has {len(frame)}")
        with self._lock:
            self._raise_if_over()
            self._slot.put(packed(None, LENGTH.pack(len(frame)), frame))
            while not self._slot.all_sent:
                self._step()
                self._raise_if_over()

    def receive(self) -> bytes:
        """The program's next frame."""
        with self._lock:
            while (frame := self._next_frame()) is None:
                self._raise_if_over()
                self._step()
            return frame

    def finish(self) -> ExecutionResult:
        """Wait for the job's own end."""
        with self._lock:
            while self._report is None and not self._over():
                self._step(discard=True)
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

    def _raise_if_over(self) -> None:
        if self._over() or self._report is not None:
            raise self._end()

    def _end(self) -> ConversationEnded:
        if self._cancelled.is_set():
            return ConversationCancelled("the sandbox was closed")
        return ConversationEnded(self._flaw or "the program has ended")

    def _over(self) -> bool:
        """Whether nothing more can come."""
        late = time.monotonic() >= self._deadline
        return self._slot.ended or self._closing or late or bool(self._flaw) or self._cancelled.is_set()

    def _step(self, *, discard: bool = False) -> None:
        """Look at the streams once. A program that floods is left to wait, unread."""
        if discard or len(self._inbox) < MAX_FRAME + LENGTH.size:
            self._slot.step()
        else:
            time.sleep(LOOK_S)
        try:
            while self._report is None and (message := self._slot.next()) is not None:
                self._take(*message, discard=discard)
        except (MalformedError, ValueError, KeyError, TypeError) as nonsense:
            self._flaw = f"the sandbox's agent spoke nonsense: {nonsense}"

    def _next_frame(self) -> bytes | None:
        """The first complete frame of the inbox, taken out."""
        head = LENGTH.size
        if len(self._inbox) < head:
            return None
        size = LENGTH.unpack_from(self._inbox)[0]
        if size > MAX_FRAME:
            self._flaw = f"the program sent a frame of {size} bytes, more than {MAX_FRAME}"
            return None
        if len(self._inbox) < head + size:
            return None
        frame = bytes(self._inbox[head : head + size])
        del self._inbox[: head + size]
        return frame

    def _take(self, header: Mapping[str, Any] | None, blob: bytes, *, discard: bool) -> None:
        if header is None:
            self._inbox += b"" if discard else blob
        elif header["event"] == "started":
            self._began = time.monotonic()
            self._deadline = self._began + self._what.limits.wall_s + BACKSTOP_S
        elif header["event"] == "result":
            self._report = self._reported(header, blob)
        elif header["event"] in {"error", "dirty"}:
            self._said = str(header["detail"])

    def _conclude(self) -> ExecutionResult | SandboxFault:
        """End it, free its slot, and find the word for it."""
        loss: Loss | None = None
        killed = stopped = False
        try:
            self._wait_for_report()
            killed = self._report is None and not self._slot.ended
            stopped = killed and self._slot.isolation.stopped()
            if killed:
                self._slot.isolation.kill()
            elif self._began and self._report is None:
                loss = self._slot.isolation.loss()
        finally:
            self._inbox.clear()
            self._on_end(self, self._slot, reusable=self._report is not None)
        if self._report is not None:
            return self._flawed(self._report)
        if not self._began:
            return SandboxFault(f"the {self._tier.kind} sandbox could not start a job: {self._why_not_begun()}")
        if stopped:
            return SandboxFault(f"the {self._tier.kind} sandbox was stopped by somebody while a job ran")
        if killed:
            return self._unreported(self._ended_by_host())
        if loss is None:
            return SandboxFault(f"the {self._tier.kind} sandbox was lost while a job ran")
        return self._unreported(loss)

    def _ended_by_host(self) -> Loss:
        if self._flaw:
            return Loss(Status.OUTPUT_LIMIT, self._flaw)
        if time.monotonic() >= self._deadline:
            return Loss(Status.TIMEOUT, "ended by the host: the agent did not answer in time")
        return Loss(Status.CANCELLED, "ended by the host: the agent did not close in time")

    def _wait_for_report(self) -> None:
        """Say that it is enough, which ends the job, and hear what the agent says to that."""
        self._closing = True
        now = time.monotonic()
        until = max(now + DRAIN_S, min(self._deadline, now + CLOSE_GRACE_S + BACKSTOP_S))
        if self._report is None:
            self._slot.put(END)
        while self._began and self._report is None and not self._slot.ended and time.monotonic() < until:
            self._step(discard=True)

    def _why_not_begun(self) -> str:
        said = self._said or bytes(self._slot.errors[:2000]).decode("utf-8", "replace").strip() or self._flaw
        if not said and self._cancelled.is_set():
            return "it was closed"
        return said or ("its agent has ended" if self._slot.ended else "no answer in time")

    def _reported(self, report: Mapping[str, Any], blob: bytes) -> ExecutionResult:
        part = io.BytesIO(blob).read
        stdout, stderr = (Output(part(head), part(tail), total) for head, tail, total in report["streams"])
        return ExecutionResult(
            status=Status(report["status"]),
            exit_code=report["exit_code"],
            signal=report["signal"],
            stdout=stdout,
            stderr=stderr,
            wall_s=report["wall_s"],
            cpu_s=report["cpu_s"],
            peak_mb=report["peak_mb"],
            tier=self._tier,
            detail=report["detail"],
            strays=report["strays"],
            artifacts={name: part(size) for name, size in report["artifacts"]},
            artifacts_left_out=report["left_out"],
        )

    def _flawed(self, result: ExecutionResult) -> ExecutionResult:
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
