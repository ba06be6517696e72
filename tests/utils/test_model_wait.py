"""Waiting for a model server that is not up yet."""

import socket
from pathlib import Path

import pytest

from tests.running import finish, start_fresh
from utils.completions import Completion, Reply
from utils.errors import Interrupted, ModelFault, ModelRefused
from utils.model_wait import wait_for_model
from utils.signals import StopRequest


class Away:
    """A model that is away for so many looks."""

    def __init__(self, looks: int, error: ModelFault) -> None:
        self.looks, self._error = looks, error

    @property
    def name(self) -> str:
        self.looks -= 1
        if self.looks >= 0:
            raise self._error
        return "there"

    def complete(self, completion: Completion) -> Reply:
        raise NotImplementedError


def test_it_is_told_once_when_the_wait_begins_and_once_when_it_is_over() -> None:
    told: list[str] = []
    away = Away(3, ModelFault("nobody listens"))

    wait_for_model(away, longest_s=0.01, request=StopRequest(on_first=told.append), note=told.append)

    assert told == ["waiting for the model: nobody listens", "the model is there after 0 s"]


def test_a_model_that_is_there_is_not_waited_for() -> None:
    told: list[str] = []
    request = StopRequest(on_first=told.append)
    wait_for_model(Away(0, ModelFault("")), longest_s=1, request=request, note=told.append)
    assert told == []


def test_a_refusal_and_a_wish_to_stop_end_the_wait() -> None:
    request = StopRequest(on_first=lambda _: None)
    with pytest.raises(ModelRefused):
        wait_for_model(Away(9, ModelRefused("wrong key")), longest_s=1, request=request, note=lambda _: None)
    request.name = "SIGTERM"
    with pytest.raises(Interrupted):
        wait_for_model(Away(9, ModelFault("away")), longest_s=1, request=request, note=lambda _: None)


def test_the_loop_begins_once_the_server_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BT_WAIT_FOR_MODEL", "1")
    monkeypatch.setenv("BT_FAULT_WAIT_S", "0.2")
    monkeypatch.setenv("BT_PATIENCE_S", "0.1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
    options = ("--sandbox", "process", "--max-repairs", "0", "--memory", tmp_path / "memory", "--cycles", "1")
    waiting = start_fresh("loop.py", "--llm", f"http://127.0.0.1:{port}/v1", *options)
    assert waiting.stdout is not None
    first = next(line for line in waiting.stdout if line.startswith("waiting for the model: "))
    server = start_fresh("-m utils.rehearsal", "--port", port)
    ran = finish(waiting)
    server.terminate()
    finish(server)
    assert ran.code == 0
    assert (first + ran.out).count("waiting for the model: ") == ran.out.count("the model is there after ") == 1
