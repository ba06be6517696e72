"""The page that a person opens while the loop runs: what it shows, what it lets do, and whom it keeps out."""

import asyncio
import http.client
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from starlette.responses import PlainTextResponse

from benchmarks.nights import Night, fly
from memory.event_lines import read_chain
from memory.events import Event
from memory.lock import WriterLock
from memory.log_follower import LogFollower
from tests import browser as chrome
from tests.running import cli, cli_json, serving, wait_for
from trainer.live_page.allowed import Allowed, is_loopback
from trainer.live_page.guard import Guard
from trainer.live_page.live import LiveNight
from utils.errors import MemoryDamaged
from utils.rehearsal.truths import Truths

UNITS = 2
TOKEN = "a-token-of-some-length"


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "memory"
    fly(Night(seed=1, units=UNITS, policy="builder-trainer", truths=Truths.default(), rules=()), folder)
    assert cli("rebuild", "--memory", folder).code == 0
    return folder


@dataclass(frozen=True)
class Served:
    """A server and its memory."""

    memory: Path
    url: str

    def ask(
        self, path: str, headers: Mapping[str, str] | None = None, *, form: Mapping[str, str] | None = None
    ) -> tuple[int, str, dict[str, str]]:
        """The status, the text and the headers of an answer; nothing about the path is tidied."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        told = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        method, body = ("GET", None) if form is None else ("POST", urlencode(form))
        connection.request(method, path, body, told)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text, {name.lower(): value for name, value in answer.getheaders()}

    def steer(self, action: str, **form: str) -> tuple[int, str, dict[str, str]]:
        """What comes of a form that this very page sends."""
        return self.ask(
            f"/steer/{action}", {"origin": self.url.rstrip("/"), "sec_fetch_site": "same-origin"}, form=form
        )


@pytest.fixture(scope="module")
def served(memory: Path) -> Iterator[Served]:
    with serving("utils/cli.py", "serve", "--port", "0", "--memory", memory) as url:
        yield Served(memory, url)


def test_it_shows_the_report_with_forms_and_headers_that_keep_others_out(served: Served) -> None:
    status, html, headers = served.ask("/")
    assert status == 200
    assert f'data-figure="tried">{UNITS}<' in html
    assert 'action="/steer/stop"' in html
    assert "form-action 'self'; connect-src 'self'" in unescape(html)
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers


def test_whoever_listens_is_told_of_each_change(served: Served) -> None:
    connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=30)
    connection.request("GET", "/events")
    answer = connection.getresponse()
    before = int(answer.readline().removeprefix(b"data: "))
    assert served.steer("rule", text="Name things for what they are.")[0] == 303
    while not (line := answer.readline()).startswith(b"data: "):
        assert line.strip() in (b"", b": still there")
    connection.close()
    assert int(line.removeprefix(b"data: ")) > before


def test_tasks_and_rules_go_the_way_of_the_command_line(served: Served) -> None:
    status, _, headers = served.steer(
        "task", goal="Write f(x).", checks="assert f(1) == 2", entry_point="f", priority="7"
    )
    assert (status, headers["location"]) == (303, "/?told=task#live")
    wanted = cli_json("list-tasks", "--count", "1", "--memory", served.memory)[0]
    assert (wanted["goal"], wanted["priority"], wanted["origin"]) == ("Write f(x).", 7, "user")
    assert served.steer("rule", text="Sort before you search.")[0] == 303
    rule = next(each for each in cli_json("rules", "list", "--memory", served.memory) if "Sort" in each["text"])
    assert served.steer("judge", rule=rule["id"], standing="banned")[0] == 303
    assert cli_json("rules", "show", rule["id"], "--memory", served.memory)["state"] == "banned"


def test_a_run_can_be_stopped_while_there_is_one(served: Served) -> None:
    assert served.steer("stop")[:2] == (400, "no run is under way; the next one would stop at once\n")
    lock = WriterLock(served.memory)
    lock.acquire("loop.py", "2026-01-02T03:04:05.000Z")
    try:
        assert served.steer("stop")[0] == 303
    finally:
        lock.release()
    assert (served.memory / "stop").exists()
    (served.memory / "stop").unlink()


def test_a_run_can_be_paused_while_there_is_one_and_its_tasks_put_in_order(served: Served) -> None:
    for action in ("pause", "resume"):
        assert served.steer(action)[:2] == (400, "no run is under way, there is nothing to pause or to resume\n")
    lock = WriterLock(served.memory)
    lock.acquire("loop.py", "2026-01-02T03:04:05.000Z")
    try:
        task = cli_json("list-tasks", "--count", "1", "--memory", served.memory)[0]["id"]
        asked = [
            ("pause", {}),
            ("resume", {}),
            ("requeue", {"task": task}),
            ("priority", {"task": task, "priority": "9"}),
        ]
        assert [served.steer(action, **form)[0] for action, form in asked] == [303] * 4
        left = [json.loads(path.read_text())["run"] for path in sorted((served.memory / "inbox").glob("*.json"))]
    finally:
        lock.release()
    assert [wish["kind"] for wishes in left[-4:] for wish in wishes] == ["pause", "resume", "requeue", "priority"]


@pytest.mark.parametrize(
    ("action", "form", "said"),
    [
        ("task", {"goal": ""}, "goal: "),
        ("task", {"goal": "x", "checks": "f(1)"}, "check 1: holds no assert"),
        ("task", {"goal": "x", "difficulty": "hard"}, "difficulty: "),
        ("task", {"goal": "x", "entry_point": "f", "checks": "assert (f(1), 'wrong')"}, "the task is no use: "),
        ("rule", {"text": "two\nlines"}, "text: a rule is one line"),
        ("judge", {"rule": "rule-1", "standing": "banned"}, "rule: "),
        ("judge", {"rule": "rule-0123456789ab", "standing": "loved"}, "standing: "),
        ("rule", {"text": "x" * 300_000}, "a form may have"),
        ("rule", {str(number): "" for number in range(99)}, "this is no form"),
        ("requeue", {"task": "nobody's"}, "there is no task"),
        ("priority", {"task": "nobody's"}, "there is no task"),
        ("fly", {}, "nothing of that name"),
    ],
)
def test_a_form_that_is_no_use_is_refused_in_one_line(served: Served, action: str, form: Any, said: str) -> None:
    before = sorted((served.memory / "inbox").glob("*"))
    status, text, _ = served.steer(action, **form)
    assert (status, text.count("\n")) == (400, 1)
    assert said in text
    assert sorted((served.memory / "inbox").glob("*")) == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "OWN", "sec_fetch_site": "cross-site"}, 403),
        ({"origin": "OWN", "sec_fetch_site": "same-site"}, 403),
        ({"origin": "http://evil.example", "host": "evil.example"}, 421),
        ({"origin": "http://evil.example", "host": "127.0.0.1.evil.example"}, 421),
    ],
)
def test_other_sites_can_change_nothing(served: Served, headers: dict[str, str], status: int) -> None:
    told = {name: served.url.rstrip("/") if value == "OWN" else value for name, value in headers.items()}
    assert served.ask("/steer/stop", told, form={})[0] == status
    assert served.ask("/steer/stop", told)[0] in (405, 421)
    assert not (served.memory / "stop").exists()


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "[::1", "evil.example:80"])
def test_a_name_that_somebody_else_leads_here_is_not_answered(served: Served, host: str) -> None:
    assert served.ask("/", {"host": host})[0] in (400, 421)


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8765", "192.0.2.7:8765"])
def test_addresses_and_localhost_are(served: Served, host: str) -> None:
    assert served.ask("/memory/", {"host": host})[0] == 200


def test_documents_can_be_read_and_nothing_outside_of_them(served: Served) -> None:
    assert '<a href="core/">' in served.ask("/memory/")[1]
    assert '<a href="skill_map.json">' in served.ask("/memory/core/")[1]
    status, text, headers = served.ask("/memory/core/skill_map.json")
    assert (status, text) == (200, (served.memory / "core" / "skill_map.json").read_text())
    assert headers["content-type"].startswith("text/plain")
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert served.ask("/memory/core")[2]["location"] == "/memory/core/"
    (served.memory / "core" / "link.json").symlink_to(served.memory / "seed")
    try:
        for place in ("seed", "../seed", "core/../seed", "core/%2e%2e/seed", "core/..%2fseed", "core/link.json",
                      "events/000001.jsonl", "writer.json", "logs/loop.jsonl", "core/.hidden", "/etc/passwd",
                      "core/%00", "core/none.json"):  # fmt: skip
            status, text, _ = served.ask(f"/memory/{place}")
            assert (status, text.count("\n")) == (400, 1), place
    finally:
        (served.memory / "core" / "link.json").unlink()


def asked(guard: Guard, path: str = "/", **headers: str) -> tuple[int, dict[str, str]]:
    """Status and headers of an answer to GET."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    path, _, query = path.partition("?")
    told = [(name.encode(), value.encode()) for name, value in {"host": "192.0.2.7:8765", **headers}.items()]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": told}
    asyncio.run(guard(scope, receive, send))
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_where_other_machines_reach_it_a_token_is_needed() -> None:
    guard = Guard(PlainTextResponse("in"), Allowed(token=TOKEN))
    assert asked(guard)[0] == 401
    assert asked(guard, cookie="builder-trainer=wrong")[0] == 401
    assert asked(guard, authorization="Bearer wrong")[0] == 401
    assert asked(guard, "/?token=wrong")[0] == 401
    assert asked(guard, "/?token=\u00e9")[0] == 401
    assert asked(guard, authorization=f"Bearer {TOKEN}")[0] == 200
    status, headers = asked(guard, f"//evil.example/?token={TOKEN}")
    assert (status, headers["location"]) == (303, "/evil.example/")
    assert headers["set-cookie"] == f"builder-trainer={TOKEN}; HttpOnly; Path=/; SameSite=strict"
    assert asked(guard, cookie=f"builder-trainer={TOKEN}")[0] == 200
    assert asked(guard, cookie=f"builder-trainer={TOKEN}", host="evil.example")[0] == 421


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("a.example", False)],
)
def test_only_a_loopback_address_goes_without(host: str, *, local: bool) -> None:
    assert is_loopback(host) == local


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--token", "short"), "--token: 16 characters at least"),
        (("--host", "192.0.2.7"), "cannot listen at 192.0.2.7"),
        (("--memory", "/nowhere"), "there is no memory at /nowhere"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(memory: Path, options: tuple[str, ...], said: str) -> None:
    ran = cli("serve", "--memory", memory, "--port", "0", *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert said in ran.err


def test_a_log_that_grows_is_read_on_from_where_it_was(memory: Path, tmp_path: Path) -> None:
    whole = (memory / "events" / "000001.jsonl").read_bytes()
    wanted = [event for event, _ in read_chain(memory / "events")]
    follower, found = LogFollower(tmp_path), list[Event]()
    assert list(follower.new()) == []
    ends = [index + 1 for index, byte in enumerate(whole) if byte == ord("\n")]
    half = ends[len(ends) // 2]
    for end in (*range(0, half, 4099), half):
        (tmp_path / "000001.jsonl").write_bytes(whole[:end])
        found += follower.new()
    for end in (0, 17, len(whole) - half):
        (tmp_path / "000002.jsonl").write_bytes(whole[half : half + end])
        found += follower.new()
    assert found == wanted
    assert follower.seq == wanted[-1].seq
    (tmp_path / "000002.jsonl").write_bytes(b"")
    with pytest.raises(MemoryDamaged, match="shorter than it was"):
        list(follower.new())


def test_pages_that_renew_themselves_take_three_thousandths_of_a_processor_at_most(
    memory: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "memory"
    shutil.copytree(memory, folder)
    live = LiveNight(folder)
    live.page()
    assert live.may_renew, "the first page was asked for by hand"
    assert cli("rules", "add", "Look twice.", "--memory", folder).code == 0
    live.seq()
    began_s, used_s = time.monotonic(), time.thread_time()
    live.page()
    used_s = time.thread_time() - used_s
    assert not live.may_renew
    wait_for(lambda: live.may_renew)
    assert time.monotonic() - began_s > 150 * used_s  # of what it used, half at least was for the page
    live.page()
    assert live.may_renew, "the same page was made twice"


@pytest.mark.browser
def test_a_browser_sees_the_run_go_on_and_steers_it(memory: Path, tmp_path: Path) -> None:
    program = chrome.chromium()
    if program is None:
        pytest.skip("there is no Chromium")
    folder = tmp_path / "memory"
    shutil.copytree(memory, folder)
    with (
        serving("utils/cli.py", "serve", "--port", "0", "--memory", folder) as url,
        chrome.browser(program, tmp_path / "profile") as tab,
    ):
        tab.go(url)
        wait_for(lambda: "event" in tab.run("document.getElementById('live-state').textContent"))
        assert tab.run("document.querySelector('[data-figure=tried]').textContent") == str(UNITS)
        assert cli("rules", "add", "Look twice.", "--memory", folder).code == 0
        tab.run("window.old = document.querySelector('main')")
        assert cli("rules", "add", "Look three times.", "--memory", folder).code == 0
        wait_for(lambda: tab.run("document.querySelector('main') !== window.old"))
        assert tab.run("document.getElementById('found').textContent") == f"{UNITS} of {UNITS}"
        assert tab.complaints == []
        tab.run("document.querySelector('[action=\"/steer/rule\"] input').value = 'From the page.'")
        tab.run("document.querySelector('[action=\"/steer/rule\"] button').click()")
        wait_for(lambda: "From the page." in [each["text"] for each in cli_json("rules", "list", "--memory", folder)])
        wait_for(lambda: tab.run("document.getElementById('told')?.textContent") == "The rule is taken in.")
        assert tab.complaints == []
        assert all(each.startswith(url) for each in tab.requested)
