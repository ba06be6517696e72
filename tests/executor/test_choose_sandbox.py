"""Which sandbox is taken, and what is said when none will do."""

from pathlib import Path

import pytest

from executor import landlock_sandbox
from executor.choose_sandbox import choose_sandbox
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
