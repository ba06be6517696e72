"""Notifications, against a real server on loopback."""

import json
from pathlib import Path

import pytest

from tests.listening import listening
from utils.clock import SystemClock
from utils.errors import InputError
from utils.notify import MOST_WAITING, Notifier
from utils.settings import load_settings, public

TOKEN = "tk_very_secret"


def test_a_webhook_gets_json_and_ntfy_plain_text_with_title_and_priority() -> None:
    with listening() as mine:
        settings = load_settings(
            notify_webhook=f"{mine.url}/hook?key=s3cret", notify_ntfy=f"{mine.url}/my-topic", notify_token=TOKEN
        )
        told = list[str]()
        notifier = Notifier(settings, SystemClock(), told=told.append)
        notifier.send("trouble", "the server is\naway – no answer", "line 1\nline 2 \x1b[31mred")
        notifier.close()
    hook, ntfy = mine.posted
    assert (hook.path, hook.headers["Content-Type"], hook.headers["Authorization"]) == (
        "/hook?key=s3cret", "application/json", f"Bearer {TOKEN}",
    )  # fmt: skip
    sent = json.loads(hook.body)
    assert (sent["occasion"], sent["title"]) == ("trouble", "the server is away – no answer")
    assert sent["text"].startswith("line 1\nline 2 ")
    assert "\x1b" not in sent["text"] + ntfy.body
    assert (ntfy.path, ntfy.headers["Title"], ntfy.headers["Priority"]) == (
        "/my-topic", "the server is away ? no answer", "high",
    )  # fmt: skip
    assert ntfy.body.startswith("line 1\nline 2 ")
    assert told == []


@pytest.mark.parametrize("path", ["/broken/s3cret", "/moved/s3cret"])
def test_what_cannot_be_sent_is_told_once_without_its_secrets_and_is_sent_nowhere_else(path: str) -> None:
    with listening() as mine:
        told = list[str]()
        notifier = Notifier(
            load_settings(notify_webhook=mine.url + path, notify_token=TOKEN), SystemClock(), told=told.append
        )
        for _ in range(3):
            notifier.send("end", "over")
        notifier.close()
    assert [each.path for each in mine.posted] == [path] * 3
    [line] = told
    assert line.startswith("a notification could not be sent, the run goes on without: 127.0.0.1 answered ")
    assert "s3cret" not in line
    assert TOKEN not in line


def test_a_server_that_is_not_there_costs_no_time_and_is_told_once() -> None:
    with listening() as mine:
        pass
    told = list[str]()
    notifier = Notifier(load_settings(notify_ntfy=f"{mine.url}/t"), SystemClock(), told=told.append)
    for _ in range(3 * MOST_WAITING):
        notifier.send("trouble", "x")
    notifier.close()
    assert len(told) == 1


def test_nothing_is_sent_unless_it_is_asked_for_and_secrets_are_not_in_the_log(tmp_path: Path) -> None:
    notifier = Notifier(load_settings(), SystemClock(), told=print)
    notifier.send("end", "over")
    notifier.close()
    shown = public(load_settings(notify_webhook="https://example.org/s3cret", notify_token=TOKEN, memory=tmp_path))
    assert not [value for value in shown.values() if "s3cret" in value or TOKEN in value or "*" in value]
    with pytest.raises(InputError, match=r"^BT_NOTIFY_WEBHOOK|--notify-webhook: .*URL") as caught:
        load_settings(notify_webhook="file:///etc/s3cret")
    assert "s3cret" not in str(caught.value)
