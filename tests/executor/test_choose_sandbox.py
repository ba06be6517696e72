"""Which sandbox is taken, and what is said when none will do."""

import os
from contextlib import closing
from pathlib import Path
from typing import Literal

import docker as engine
import pytest

from executor import landlock_sandbox
from executor.choose_sandbox import SandboxKind, SandboxOptions, choose_sandbox
from executor.run_code import run_code
from tests.running import finish, start
from utils.errors import InputError, SandboxFault


@pytest.fixture
def no_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")


@pytest.fixture
def no_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def broken_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def no_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise SandboxFault("this kernel has no Landlock")

    monkeypatch.setattr(landlock_sandbox, "kernel_version", refuse)  # a test cannot take another kernel


def test_a_process_is_taken_when_asked_for_and_is_not_called_safe() -> None:
    sandbox = choose_sandbox("process", trusted_code_only=False)
    assert (sandbox.tier.kind, sandbox.tier.safe, sandbox.tier.reason) == ("process", False, "asked for")
    assert "everything" in sandbox.tier.gaps[0]
    sandbox.close()


@pytest.mark.usefixtures("no_docker", "no_bubblewrap")
def test_trusted_code_falls_back_to_a_process_and_says_so() -> None:
    sandbox = choose_sandbox("auto", trusted_code_only=True)
    assert (sandbox.tier.kind, sandbox.tier.safe) == ("process", False)
    assert "own" in sandbox.tier.reason
    assert "passed over: bubblewrap: there is no bwrap here" in sandbox.tier.reason
    sandbox.close()


@pytest.mark.usefixtures("no_docker", "broken_bubblewrap", "no_landlock")
def test_untrusted_code_never_falls_back_to_a_process() -> None:
    with pytest.raises(InputError) as refusal:
        choose_sandbox("auto", trusted_code_only=False)
    line = str(refusal.value)
    assert "no Docker engine answers" in line
    assert "setting up uid map: Permission denied" in line
    assert "landlock: this kernel has no Landlock" in line
    assert "type --sandbox process" in line
    assert "\n" not in line


@pytest.mark.usefixtures("no_docker")
def test_a_kind_that_was_asked_for_and_does_not_work_is_refused_with_the_reason() -> None:
    with pytest.raises(InputError, match="--sandbox docker does not work here: no Docker engine answers: start Docker"):
        choose_sandbox("docker", trusted_code_only=True)


def test_a_docker_address_that_makes_no_sense_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "nonsense://")
    with pytest.raises(InputError, match="no Docker engine answers"):
        choose_sandbox("docker", trusted_code_only=True)


@pytest.mark.usefixtures("no_docker")
def test_untrusted_code_runs_in_bubblewrap_where_docker_is_away() -> None:
    try:
        sandbox = choose_sandbox("auto", trusted_code_only=False)
    except InputError as refusal:
        pytest.skip(str(refusal))
    assert (sandbox.tier.kind, sandbox.tier.safe) == ("bubblewrap", True)
    assert "passed over: docker: no Docker engine" in sandbox.tier.reason
    sandbox.close()


@pytest.mark.usefixtures("no_docker", "no_bubblewrap")
def test_untrusted_code_runs_in_landlock_where_docker_and_bubblewrap_are_away() -> None:
    try:
        sandbox = choose_sandbox("auto", trusted_code_only=False)
    except InputError as refusal:
        pytest.skip(str(refusal))
    assert (sandbox.tier.kind, sandbox.tier.safe) == ("landlock", True)
    assert "bubblewrap: there is no bwrap here" in sandbox.tier.reason
    sandbox.close()


@pytest.mark.docker
def test_untrusted_code_runs_in_docker_where_it_works() -> None:
    sandbox = choose_sandbox("auto", trusted_code_only=False)
    assert (sandbox.tier.kind, sandbox.tier.safe) == ("docker", True)
    assert sandbox.tier.image.startswith("sha256:")
    sandbox.close()


# the clock of /proc ticks every few milliseconds, and two agents may be started within one tick: the number of the
# process namespace tells those two apart (it alone would not do: a number is given out again once it is free)
BIRTH_OF_THE_AGENT = "import os; print(os.stat('/proc/1').st_ctime_ns, os.readlink('/proc/self/ns/pid'))"


@pytest.mark.parametrize("kind", ["bubblewrap", pytest.param("docker", marks=pytest.mark.docker)])
@pytest.mark.parametrize(("isolation", "agents"), [("slot", 1), ("container", 3)])
def test_the_isolation_that_was_set_decides_whether_three_jobs_share_an_agent(
    kind: SandboxKind, isolation: Literal["slot", "container"], agents: int
) -> None:
    try:
        sandbox = choose_sandbox(kind, trusted_code_only=True, options=SandboxOptions(isolation=isolation))
    except InputError as refusal:
        pytest.skip(str(refusal))
    with closing(sandbox):
        born = {run_code(sandbox, BIRTH_OF_THE_AGENT).stdout.text for _ in range(3)}
    assert len(born) == agents


@pytest.mark.docker
def test_containers_run_under_the_runtime_that_was_set() -> None:
    with closing(engine.from_env()) as client:
        options = SandboxOptions(runtime="io.containerd.runc.v2")
        with closing(choose_sandbox("docker", trusted_code_only=True, options=options)):
            owned = client.containers.list(filters={"label": f"builder-trainer.owner={os.getpid()}"})
            assert "io.containerd.runc.v2" in {each.attrs["HostConfig"]["Runtime"] for each in owned}


@pytest.mark.docker
@pytest.mark.parametrize(("kind", "trusted"), [("docker", True), ("docker", False), ("auto", False)])
def test_a_runtime_that_docker_does_not_know_is_one_line_with_what_docker_says_and_what_to_do(
    kind: Literal["docker", "auto"], *, trusted: bool
) -> None:
    with pytest.raises(InputError) as refusal:
        choose_sandbox(kind, trusted_code_only=trusted, options=SandboxOptions(runtime="no-such-runtime"))
    said = str(refusal.value)
    assert said.startswith("BT_RUNTIME=no-such-runtime does not work here: ")
    assert "Unknown runtime specified no-such-runtime" in said
    assert said.endswith("or leave BT_RUNTIME out")
    assert "\n" not in said


@pytest.mark.usefixtures("no_docker")
def test_who_sets_a_runtime_is_not_given_less_when_docker_is_away() -> None:
    with pytest.raises(
        InputError, match="BT_RUNTIME=runsc asks for Docker, which does not work here: no Docker engine"
    ):
        choose_sandbox("auto", trusted_code_only=False, options=SandboxOptions(runtime="runsc"))


@pytest.mark.docker
@pytest.mark.parametrize(
    "command", [("utils/cli.py", "run-code", "none.py"), ("loop.py", "--llm", "http://127.0.0.1:9", "--cycles", "1")]
)
def test_a_command_with_an_unknown_runtime_ends_with_exit_code_2(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "none.py").write_text("print(1)")
    monkeypatch.setenv("BT_RUNTIME", "no-such-runtime")
    monkeypatch.setenv("MEMORY_DIR", str(tmp_path / "memory"))
    ran = finish(start(*command, cwd=tmp_path))
    assert (ran.code, ran.err.startswith("error: BT_RUNTIME=no-such-runtime does not work here: ")) == (2, True), ran
