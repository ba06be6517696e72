"""Each kind of sandbox tried, the choice, and a grading: working ones are found so, others are found out."""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from executor import landlock_sandbox
from executor.choose_sandbox import SandboxOptions
from executor.docker_sandbox import DockerSandbox
from executor.doctor import sandboxes
from executor.doctor.sandboxes import RIGHT, WRONG, Workplace
from executor.landlock import WHY_NOT
from executor.sandbox import Job
from memory.attempts import AttemptLimits
from utils.errors import SandboxFault
from utils.settings import SandboxChoice

LIMITS = AttemptLimits(wall_s=8.0, cpu_s=2.0, memory_mb=256)


@pytest.fixture
def no_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")


@pytest.fixture
def no_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def no_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise SandboxFault(WHY_NOT[errno.EOPNOTSUPP])

    monkeypatch.setattr(landlock_sandbox, "kernel_version", refuse)  # a test cannot take another kernel


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def program(folder: Path, script: str) -> str:
    path = folder / "bwrap"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def silent(_: str) -> None:
    """Nobody looks on."""


def test_bubblewrap_works_where_its_job_does() -> None:
    found = sandboxes.bubblewrap("auto")
    if found.level != "ok":
        pytest.skip(found.said)
    assert "printed what it should" in found.said


@pytest.mark.parametrize(("wanted", "level"), [("auto", "warning"), ("bubblewrap", "problem")])
@pytest.mark.usefixtures("no_bubblewrap")
def test_missing_bubblewrap_is_a_problem_only_where_it_is_asked_for(wanted: SandboxChoice, level: str) -> None:
    found = sandboxes.bubblewrap(wanted)
    assert (found.level, "there is no bwrap here" in found.said) == (level, True)
    assert "install bubblewrap" in found.todo
    assert ("not needed" in found.todo) == (level == "warning")


@pytest.mark.parametrize("script", ["echo 'No permissions to create new namespace' >&2; exit 1", "exit 0"])
def test_bubblewrap_that_the_kernel_does_not_let_work_is_found_out(tmp_path: Path, script: str) -> None:
    assert sandboxes.bubblewrap("bubblewrap", program(tmp_path, script)).level == "problem"


def test_landlock_works_where_its_job_does() -> None:
    found = sandboxes.landlock("auto")
    if found.level != "ok":
        pytest.skip(found.said)
    assert "printed what it should" in found.said


@pytest.mark.parametrize(("wanted", "level"), [("auto", "warning"), ("landlock", "problem")])
@pytest.mark.usefixtures("no_landlock")
def test_missing_landlock_is_a_problem_only_where_it_is_asked_for(wanted: SandboxChoice, level: str) -> None:
    found = sandboxes.landlock(wanted)
    assert (found.level, "switched off: add landlock to the list" in found.said) == (level, True)


@pytest.mark.parametrize("code", ["print(41)", "print(42); raise SystemExit(3)", "import os; os.abort()"])
def test_a_job_that_does_not_print_what_it_should_is_found_out(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    if sandboxes.bubblewrap("auto").level != "ok":
        pytest.skip("bubblewrap does not work here")
    monkeypatch.setattr(sandboxes, "TRIAL", Job(argv=("python", "-c", code)))  # no sandbox miscounts by itself
    found = sandboxes.bubblewrap("bubblewrap")
    assert (found.level, "a tiny job ended with" in found.said) == ("problem", True), found


@pytest.mark.parametrize(("wanted", "level"), [("auto", "warning"), ("docker", "problem")])
@pytest.mark.usefixtures("no_docker")
def test_docker_without_an_engine_is_a_problem_only_where_it_is_asked_for(wanted: SandboxChoice, level: str) -> None:
    found = sandboxes.docker(wanted, silent)
    assert (found.level, "no Docker engine answers" in found.said) == (level, True)
    assert "start Docker" in found.todo


@pytest.mark.docker
def test_docker_works_where_its_image_is_there() -> None:
    lines: list[str] = []
    assert sandboxes.docker("docker", lines.append).level == "ok"
    assert sandboxes.docker("auto", lines.append).level == "ok"


@pytest.mark.docker
def test_an_image_that_is_not_there_is_not_built_unasked(tmp_path: Path) -> None:
    recipe = tmp_path / "Dockerfile"
    recipe.write_text(f"FROM no-such-image-{os.getpid()}:latest\n")
    found = sandboxes.docker("auto", silent, dockerfile=recipe)
    assert (found.level, "not built yet" in found.said) == ("warning", True)
    assert "--sandbox docker" in found.todo


@pytest.mark.docker
@pytest.mark.parametrize("bubblewrap", ["", "/nowhere"])  # without it Landlock stands in
def test_a_loop_that_would_have_to_build_the_image_first_is_warned_of(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bubblewrap: str
) -> None:
    recipe = tmp_path / "Dockerfile"
    recipe.write_text(f"FROM no-such-image-{os.getpid()}:latest\n")
    defaults = DockerSandbox.__init__.__kwdefaults__ or {}
    monkeypatch.setitem(defaults, "dockerfile", recipe)  # as if the engine had not built the image yet
    monkeypatch.setenv("PATH", bubblewrap or os.environ["PATH"])
    found = Workplace("auto", trusted_code_only=False, stack=stack, waiting=silent).choice()
    assert (found.level, "--sandbox docker" in found.todo) == ("warning", True), found


@pytest.mark.docker
def test_a_runtime_that_docker_does_not_know_is_a_problem_with_a_remedy(stack: ExitStack) -> None:
    options = SandboxOptions(runtime="no-such-runtime")
    alone = sandboxes.docker("docker", silent, options=options)
    place = Workplace("auto", trusted_code_only=False, stack=stack, waiting=silent, options=options)
    for found in (alone, place.choice()):
        assert (found.level, "Unknown runtime specified no-such-runtime" in found.said) == ("problem", True), found
        assert "leave BT_RUNTIME out" in found.todo


@pytest.mark.docker
def test_an_image_that_cannot_be_built_is_a_problem(tmp_path: Path) -> None:
    recipe, lines = tmp_path / "Dockerfile", list[str]()
    recipe.write_text("FROM debian:bookworm-slim\nRUN exit 3\n")
    found = sandboxes.docker("docker", lines.append, dockerfile=recipe)
    assert found.level == "problem", found
    assert "cannot be built" in found.said
    assert lines[0].startswith("building the sandbox image")


def test_a_grading_in_the_chosen_sandbox_tells_right_from_wrong(stack: ExitStack) -> None:
    place = Workplace("process", trusted_code_only=True, stack=stack, waiting=silent)
    assert place.choice().level == "ok"
    found = place.grading(LIMITS)
    assert found.level == "ok", found


def test_a_process_for_code_of_a_real_model_is_warned_of(stack: ExitStack) -> None:
    found = Workplace("process", trusted_code_only=False, stack=stack, waiting=silent).choice()
    assert (found.level, found.said.startswith("UNSAFE")) == ("warning", True)
    assert "does not cover: everything" in found.said


@pytest.mark.usefixtures("no_docker", "no_bubblewrap", "no_landlock")
def test_no_sandbox_for_code_of_a_real_model_is_a_problem_and_nothing_is_graded(stack: ExitStack) -> None:
    place = Workplace("auto", trusted_code_only=False, stack=stack, waiting=silent)
    found = place.choice()
    assert found.level == "problem"
    assert "install bubblewrap" in found.todo
    assert place.grading(LIMITS).said == "not tried: there is no sandbox"


@pytest.mark.usefixtures("no_docker", "no_bubblewrap")
def test_a_rehearsal_needs_neither(stack: ExitStack) -> None:
    found = Workplace("auto", trusted_code_only=True, stack=stack, waiting=silent).choice()
    assert (found.level, found.said.startswith("process")) == ("ok", True)


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        (WRONG, WRONG, "a right solution failed"),
        ("def double(", WRONG, "a right solution failed"),
        (RIGHT, RIGHT, "a wrong solution passed"),
    ],
)
def test_a_grading_that_says_anything_else_is_a_problem(stack: ExitStack, right: str, wrong: str, words: str) -> None:
    place = Workplace("process", trusted_code_only=True, stack=stack, waiting=silent)
    place.choice()
    found = place.grading(LIMITS, right=right, wrong=wrong)
    assert (found.level, words in found.said) == ("problem", True), found


def test_limits_in_which_no_python_starts_are_found_out(stack: ExitStack) -> None:
    place = Workplace("process", trusted_code_only=True, stack=stack, waiting=silent)
    place.choice()
    found = place.grading(AttemptLimits(wall_s=0.001, cpu_s=2.0, memory_mb=256))
    assert (found.level, "BT_WALL_S" in found.todo) == ("problem", True), found


def test_a_sandbox_that_is_lost_before_the_grading_is_a_problem() -> None:
    with ExitStack() as stack:
        place = Workplace("process", trusted_code_only=True, stack=stack, waiting=silent)
        place.choice()
    found = place.grading(LIMITS)
    assert found.level == "problem", found
