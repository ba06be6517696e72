"""What all tests share: the folder beside the checkout, and a switch that forbids skipping."""

import os
import signal
from pathlib import Path

import pytest

from executor.choose_sandbox import choose_sandbox
from utils.errors import InputError

CHECKOUT = Path(__file__).resolve().parents[1]
SHARED = CHECKOUT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with data, attacks and tools that lies beside the checkout; skips where there is none."""
    if not SHARED.is_dir():
        pytest.skip(f"there is no {SHARED.name}/ beside the checkout")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def interrupts_that_are_heard() -> None:
    """A shell that starts the tests in the background has them, and all that they start, ignore Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@pytest.fixture(autouse=True)
def no_settings_of_this_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see the defaults, not what this machine's environment sets."""
    for name in list(os.environ):
        if (name.startswith("BT_") and not name.startswith("BT_TESTS")) or name == "MEMORY_DIR":
            monkeypatch.delenv(name)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """With BT_TESTS_MUST_RUN=1 a test that is skipped has failed: nobody asked for the skip."""
    if report.skipped and os.environ.get("BT_TESTS_MUST_RUN") == "1" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, though nothing may be: {report.longrepr}"


def own_limit_s(item: pytest.Item) -> float:
    """Seconds; 0 without a limit of its own."""
    mark = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark else 0.0


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What has a time limit of its own is long: it begins first, so that no process is left alone with it at the end.

    pytest-xdist hands each process an equal run of the tests, and whoever has done its own takes some of another's.
    Half of the processes begin with the long tests, which mostly compute, the others with those that mostly wait.
    """
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    long = sorted((each for each in items if own_limit_s(each)), key=own_limit_s, reverse=True)
    short = [each for each in items if not own_limit_s(each)]
    items.clear()
    left, beginners = len(long) + len(short), (processes + 1) // 2
    for number in range(processes):
        first = long[number::beginners] if number < beginners else []
        share = left // (processes - number)
        others = max(0, share - len(first))
        items += [*first, *short[:others]]
        del short[:others]
        left -= len(first) + others


@pytest.fixture(params=["process", "bubblewrap"])
def kind(request: pytest.FixtureRequest) -> str:
    """A kind of sandbox that works here without a daemon."""
    if request.param == "bubblewrap":
        try:
            choose_sandbox("bubblewrap", trusted_code_only=True).close()
        except InputError as refusal:
            pytest.skip(str(refusal))
    return str(request.param)
