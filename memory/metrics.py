"""The state of a run as metrics for Prometheus, read off when they are asked for: the loop does nothing for them.

Counters are those of the whole memory, so that they go on where they were when the loop is started again. A thread that
reads while the loop writes may see an attempt in one number and not yet in another.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric

from memory.state import MemoryState
from utils.clock import Clock
from utils.errors import InputError
from utils.steps import Steps

HOST = "127.0.0.1"
PREFIX = "builder_trainer"


class RunCollector:
    """A prometheus_client collector.

    Args:
        state: what the log adds up to.
        steps: what is under way.
        clock: what ages are measured with.
        folder: the memory's; its disk is looked at.
    """

    def __init__(self, state: MemoryState, steps: Steps, clock: Clock, folder: Path) -> None:
        self._state, self._steps, self._clock, self._folder = state, steps, clock, folder

    def collect(self) -> Iterator[Metric]:
        """All metrics as they are now."""
        state = self._state
        yield InfoMetricFamily(f"{PREFIX}_run", "The run.", {"model": state.model, "run": str(state.runs)})
        yield self._attempts()
        yield _counter("tokens", "Tokens of prompts and replies.", state.totals.tokens)
        yield _counter("faults", "Faults, which are no attempts' failures.", state.totals.faults)
        yield _counter("decided_attempts", "Attempts that were decided, finished or not.", state.decided)
        yield _gauge("attempts_in_flight", "Decided and not finished, parked ones too.", len(state.in_flight))
        yield _gauge("attempts_running", "Being worked on.", len(state.running))
        yield _gauge("tasks_known", "Tasks.", len(state.tasks))
        yield _gauge("paused", "1 while a person wants nothing new begun.", int(bool(state.paused_at)))
        evidence = state.learning.evidence.mark()
        yield _gauge("evidence_helps_log_e", "ln E of the claim that what is learned helps.", evidence.log_helps)
        yield self._step_ages()
        with suppress(OSError):
            free = shutil.disk_usage(self._folder).free
            yield _gauge("disk_free_bytes", "Free on the memory's disk.", free)

    def _attempts(self) -> Metric:
        totals = self._state.totals
        family = CounterMetricFamily(f"{PREFIX}_attempts", "Finished attempts.", labels=["verdict"])
        counts = {
            "passed_first": totals.passed_first, "passed_repaired": totals.passed_repaired, "failed": totals.failed,
            "ungraded": totals.ungraded, "no_verdict": totals.no_verdict, "abandoned": totals.abandoned,
        }  # fmt: skip
        for verdict, count in counts.items():
            family.add_metric([verdict], count)
        return family

    def _step_ages(self) -> Metric:
        family = GaugeMetricFamily(
            f"{PREFIX}_step_age_seconds", "How long each step under way has taken so far.", labels=["who", "step"]
        )
        now_s = self._clock.monotonic_s()
        for step in self._steps.under_way():
            family.add_metric([step.who, step.what], now_s - step.since_s)
        return family


@contextmanager
def served(collector: RunCollector, port: int) -> Iterator[str]:
    """Serve the metrics on loopback for as long as the context lasts; gives their URL. Port 0 takes a free one.

    Raises:
        InputError: the port is taken.
    """
    registry = CollectorRegistry(auto_describe=False)
    try:
        server, thread = start_http_server(port, addr=HOST, registry=registry)
    except OSError as error:
        raise InputError(f"BT_METRICS_PORT: port {port} cannot be used: {error.strerror}; choose another") from error
    registry.register(collector)
    try:
        yield f"http://{HOST}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _counter(name: str, words: str, value: float) -> Metric:
    return CounterMetricFamily(f"{PREFIX}_{name}", words, value=value)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", words, value=value)
