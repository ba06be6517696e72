"""Metrics, as Prometheus reads them."""

import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from memory.events import Faulted, Paused
from memory.metrics import RunCollector, served
from memory.state import MemoryState
from tests.memory.builders import added, decided, finished, open_memory, run_started
from utils.clock import SystemClock
from utils.errors import InputError
from utils.steps import Steps

Samples = dict[tuple[str, ...], float]


def scraped(url: str) -> Samples:
    """Name and labels of each sample, with its value."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_the_log_adds_up_to_is_served_with_units_in_the_names(tmp_path: Path) -> None:
    clock = SystemClock()
    steps = Steps(clock)
    with open_memory(tmp_path) as memory, steps.step("abcdef12-000003", "grading"):
        memory.append([run_started(), added()])
        memory.append([decided(1)])
        memory.append([finished(memory.state, 1), decided(2)])
        memory.append([finished(memory.state, 2, "failed")])
        memory.append([decided(3), Faulted(fault="ModelFault", message="away"), Paused(by="somebody")])
        with served(RunCollector(memory.state, steps, clock, tmp_path), 0) as url:
            assert url.startswith("http://127.0.0.1:")
            found = scraped(url)
            memory.append([finished(memory.state, 3)])
            later = scraped(url)
    expected: Samples = {
        ("builder_trainer_attempts_total", "passed_first"): 1,
        ("builder_trainer_attempts_total", "passed_repaired"): 0,
        ("builder_trainer_attempts_total", "failed"): 1,
        ("builder_trainer_attempts_total", "ungraded"): 0,
        ("builder_trainer_attempts_total", "abandoned"): 0,
        ("builder_trainer_run_info", "rehearsal", "1"): 1,
        ("builder_trainer_tokens_total",): 200,
        ("builder_trainer_faults_total",): 1,
        ("builder_trainer_decided_attempts_total",): 3,
        ("builder_trainer_attempts_in_flight",): 1,
        ("builder_trainer_attempts_running",): 1,
        ("builder_trainer_tasks_known",): 1,
        ("builder_trainer_paused",): 1,
    }
    assert {name: found[name] for name in expected} == expected
    assert found["builder_trainer_step_age_seconds", "grading", "abcdef12-000003"] >= 0
    assert found["builder_trainer_disk_free_bytes",] > 0
    assert later["builder_trainer_attempts_total", "passed_first"] == 2


def test_a_port_that_is_taken_gets_one_line() -> None:
    clock = SystemClock()
    collector = RunCollector(MemoryState(), Steps(clock), clock, Path())
    with served(collector, 0) as url:
        port = int(url.split(":")[2].partition("/")[0])
        with pytest.raises(InputError, match=f"BT_METRICS_PORT: port {port} cannot be used"), served(collector, port):
            pass
