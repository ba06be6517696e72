"""The morning report: the memory's own figures, safe to open whatever a model wrote, small, and alive in a browser."""

import base64
import hashlib
import itertools
import json
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from memory.archive import attempt_folder
from memory.event_lines import read_chain
from memory.events import Decided, Event, Faulted, Finished, RunStarted
from memory.records import SkillRecord
from memory.view_files import Fold
from tests import browser as chrome
from tests.running import Ran, cli, cli_json, loop
from trainer.morning_report.charts import power_of_ten
from trainer.morning_report.night import MOST_LINES, NightView
from trainer.morning_report.page import report_page
from trainer.rechecks import Rechecks

CYCLES = 6
MOST_BYTES = 3_000_000
SCRIPT = "<script>alert(1)</script>"
GOAL = (
    "Write double(x).</script><img src=x onerror=alert(1)> \u202egnp.\u2066 \x1b[31m\x00\ufeff {{ 7*7 }} " + 3000 * "w"
)
TASKS = [
    {
        "id": "hostile", "name": SCRIPT, "goal": GOAL, "entry_point": "double", "skills": ["numbers"],
        "reference": "def double(x):\n    return x + x\n",
        "checks": [{"name": f'"><!--{SCRIPT}', "code": "assert double(2) == 4\nassert double(0) == 0"}],
    },
    {
        "id": "plain", "name": "Twice", "goal": "Write twice(text).", "entry_point": "twice", "skills": ["strings"],
        "reference": "def twice(text):\n    return text + text\n",
        "checks": [{"name": "words", "code": "assert twice('a') == 'aa'"}],
    },
]  # fmt: skip
VOID = {"meta", "link", "br", "img", "input", "hr", "line", "circle", "rect", "polyline"}


@dataclass
class Read(HTMLParser):
    """A page as its tags, their attributes and its texts."""

    html: str
    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, str, str]] = []
        self.feed(self.html)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag not in VOID:
            self._open.append((tag, found.get("data-figure", ""), found.get("id", "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        opened = self._open.pop()[0]
        assert opened == tag, f"{opened} is closed by {tag}"

    def handle_data(self, data: str) -> None:
        if not self._open:
            return
        tag, figure, identity = self._open[-1]
        self.texts.setdefault(f"#{identity}" if identity else tag, []).append(data)
        if figure:
            self.figures[figure] = self.figures.get(figure, "") + data.strip()

    def named(self, tag: str) -> list[dict[str, str]]:
        """The attributes of each such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


@dataclass(frozen=True)
class Night:
    """A rehearsal that has ended, what it printed, and its report."""

    memory: Path
    ran: Ran
    html: str

    @property
    def file(self) -> Path:
        return self.memory / "reports" / "run-000001.html"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    folder = tmp_path_factory.mktemp("report")
    tasks = folder / "tasks.json"
    tasks.write_text(json.dumps(TASKS), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BT_REPORT", "on")
        ran = loop("--llm", "rehearsal", "--tasks", tasks, "--cycles", str(CYCLES), "--memory", folder / "memory",
                   "--seed", "11")  # fmt: skip
    assert ran.code == 0, ran.err
    memory = folder / "memory"
    return Night(memory, ran, (memory / "reports" / "run-000001.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(night: Night) -> Read:
    return Read(night.html)


def test_a_run_ends_with_the_place_of_its_report(night: Night) -> None:
    assert night.ran.out.splitlines()[-1] == f"Report: {night.file}"


def test_the_command_writes_the_same_bytes_and_changes_nothing_else(night: Night, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in night.memory.rglob("*") if path.is_file()}
    told = cli_json("report", "--memory", night.memory, "--out", tmp_path / "report.html", "--run", "1")
    assert (tmp_path / "report.html").read_bytes() == night.html.encode()
    assert told == {"run": 1, "file": str(tmp_path / "report.html"), "bytes": len(night.html.encode())}
    assert {path: path.read_bytes() for path in night.memory.rglob("*") if path.is_file()} == before


def figures_of(memory: Path) -> dict[str, str]:
    """What the other commands say, as the report writes it."""
    profile, evidence = cli_json("get-profile", "--memory", memory), cli_json("evidence", "--memory", memory)
    primary, repeats = evidence["claims"][0], next(each for each in evidence["claims"] if each["name"] == "no_repeat")
    return {
        "tried": str(profile["units"]),
        "passed-first": str(profile["passed_first"]),
        "passed-repaired": str(profile["passed_after_repair"]),
        "failed": str(profile["failed"]),
        "rate": f"{100 * profile['pass_rate']:.0f}\u202f%",
        "tokens": f"{profile['tokens']:,}".replace(",", "\u2009"),
        "faults": str(profile["faults"]),
        "e": power_of_ten(primary["log10_e_helps"]),
        "repeat-learned": _repeated(repeats["treated"]["rate"]),
        "repeat-control": _repeated(repeats["control"]["rate"]),
    }


def _repeated(rate: float | None) -> str:
    return "–" if rate is None else f"{100 * (1 - rate):.0f}\u202f%"


def words_of(memory: Path) -> dict[str, str]:
    """What the other commands say in words, by the report's places."""
    return {
        "words": cli_json("evidence", "--memory", memory)["words"],
        "summary": cli_json("get-analysis", "--memory", memory)["summary"],
    }


def test_its_figures_and_words_are_those_of_the_other_commands(night: Night, page: Read) -> None:
    wanted = figures_of(night.memory)
    assert {name: page.figures[name] for name in wanted} == wanted
    assert {name: "".join(page.texts[f"#{name}"]) for name in ("words", "summary")} == words_of(night.memory)
    assert f"Ended: {CYCLES} attempts done." in night.html
    skills = cli_json("get-skills", "--memory", night.memory)["skills"]
    assert {each["data-skill"] for each in page.named("tr") if "data-skill" in each} == set(skills)
    assert len([each for each in page.named("tr") if "data-o" in each]) == CYCLES
    assert 'role="note"><strong>Rehearsal.' in night.html


def test_nothing_that_a_model_or_a_task_says_is_more_than_text(night: Night, page: Read) -> None:
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in night.html
    assert "\\u202egnp.\\u2066 \\x1b[31m\\x00\\ufeff {{ 7*7 }}" in night.html
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069\ufeff]", night.html)
    assert len(page.named("script")) == len(page.named("style")) == 1
    assert not page.named("img")
    assert not [each for _, each in page.tags if any(name.startswith("on") or name == "style" for name in each)]
    assert max(map(len, night.html.splitlines())) < 20_000


def test_the_policy_names_the_one_script_and_nothing_points_elsewhere(night: Night, page: Read) -> None:
    policy = next(each["content"] for each in page.named("meta") if each.get("http-equiv"))
    for directive, tag in (("script-src", "script"), ("style-src", "style")):
        digest = hashlib.sha256("".join(page.texts[tag]).encode()).digest()
        assert f"{directive} 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert policy.startswith("default-src 'none'; ")
    targets = [each[name] for _, each in page.tags for name in ("href", "src", "action", "data") if name in each]
    assert {target for target in targets if not target.startswith("#")} == {"data:,"}
    assert "url(" not in night.html
    assert "@import" not in night.html


def test_tables_headings_and_links_hold_together(page: Read) -> None:
    identities = Counter(each["id"] for _, each in page.tags if "id" in each)
    assert set(identities.values()) == {1}
    pointed = [each["href"][1:] for each in page.named("a")]
    pointed += [each["aria-labelledby"] for _, each in page.tags if "aria-labelledby" in each]
    assert set(pointed) <= set(identities)
    assert len(page.named("caption")) == len(page.named("table"))
    assert all("scope" in each for each in page.named("th"))
    assert all(each.get("aria-hidden") or each.get("aria-label") or "viewbox" in each for each in page.named("svg"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(later - former <= 1 for former, later in itertools.pairwise(levels))


def test_a_report_that_cannot_be_written_costs_the_night_nothing(night: Night, tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    for path in (path for path in night.memory.rglob("*") if path.is_file() and path.parent.name != "reports"):
        target = memory / path.relative_to(night.memory)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    (memory / "reports").write_text("in the way")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BT_REPORT", "on")
        ran = loop("--llm", "rehearsal", "--cycles", "1", "--memory", memory)
    assert ran.code == 0, ran.err
    assert "no report was written: cannot write" in ran.out
    assert ran.out.splitlines()[-1] == f"Memory: {memory}"
    again = cli("report", "--memory", memory, "--run", "1", "--out", tmp_path / "first.html")
    assert again.code == 0, again.err
    first = (tmp_path / "first.html").read_text(encoding="utf-8")
    told = [html.replace(str(memory), "").replace(str(night.memory), "") for html in (first, night.html)]
    assert told[0] == told[1]
    refused = cli("report", "--memory", memory, "--run", "9")
    assert (refused.code, refused.err) == (2, f"error: {memory} has no run 9: its runs are 1 to 2\n")


def test_a_memory_in_which_nothing_ran_is_refused_in_one_line(tmp_path: Path) -> None:
    assert cli("add-task", "Write a poem", "--memory", tmp_path).code == 0
    ran = cli("report", "--memory", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "nothing ran yet; start with `python loop.py`" in ran.err


class Folded:
    """The night's log folded up to its last attempt, to which more can be added by hand."""

    def __init__(self, memory: Path) -> None:
        self.memory = memory
        self.night, self.rechecks = NightView(), Rechecks()
        fold = Fold([self.night, self.rechecks])
        events = [event for event, _ in read_chain(memory / "events")]
        last = max(event.seq for event in events if isinstance(event.data, Finished))
        for event in events[:last]:
            fold.apply(event)
        self.state = fold.state
        self.decided = next(event.data for event in events if isinstance(event.data, Decided))
        self.finished = next(
            event.data for event in events
            if isinstance(event.data, Finished) and event.data.result.unit_id == self.decided.spec.unit_id
        )  # fmt: skip
        self.started = next(event for event in events if isinstance(event.data, RunStarted))

    def add(self, data: Any, *, at: str = "2026-01-02T03:04:05.000Z") -> None:
        self.night.fold(Event(seq=10**6, at=at, data=data), self.state)

    def page(self) -> str:
        return report_page(self.memory, self.night, self.state, self.rechecks)


@pytest.fixture
def folded(night: Night) -> Folded:
    return Folded(night.memory)


def test_a_night_of_thousands_of_long_attempts_stays_small_and_says_what_it_left_out(folded: Folded) -> None:
    spec, turn = folded.decided.spec, folded.finished.result.turns[0]
    task = folded.state.tasks[spec.task_id].task
    skills = tuple(f"{number}" * 50 for number in range(10))
    folded.state.skills.update({skill: SkillRecord(levels=deque([0.5])) for skill in skills})
    hostile = task.model_copy(update={"name": "\"'\u202e" * 66, "skills": skills, "goal": "'" * 20_000})
    folded.state.tasks[spec.task_id].task = hostile
    archive = attempt_folder(folded.memory, spec.task_id, spec.number)
    for name, line in (("turn-8.py", "'\"<" * 100), ("turn-9.py", "x = '<>&'" * 30)):
        (archive / name).write_text(f"{line}\n" * 1000 + "y" * 100_000)
    turns = tuple(turn.model_copy(update={"code_file": f"turn-{number}.py"}) for number in (9, 8, 9))
    try:
        for number in range(MOST_LINES + 100):
            unit = {"unit_id": f"long-{number:06d}"}
            result = folded.finished.result.model_copy(update={**unit, "outcome": "failed", "turns": turns})
            folded.add(folded.decided.model_copy(update={"spec": spec.model_copy(update=unit)}))
            folded.add(folded.finished.model_copy(update={"result": result}))
        html = folded.page()
    finally:
        (archive / "turn-8.py").unlink()
        (archive / "turn-9.py").unlink()
    assert len(html.encode()) < MOST_BYTES
    page = Read(html)
    assert len([each for each in page.named("tr") if "data-o" in each]) == MOST_LINES
    assert f"The latest {MOST_LINES} of 2\u2009106 attempts" in html
    assert "[... 960 lines left out ...]" in html
    assert 4 <= len([each for each in page.named("details") if each.get("class") == "attempt"]) <= 180


def test_a_run_under_way_with_an_outage_says_so(folded: Folded) -> None:
    folded.add(Faulted(fault="ModelFault", message="no route to <host>"), at="2026-01-02T03:04:05.000Z")
    html = folded.page()
    assert "Not ended" in html
    assert "no route to &lt;host&gt;" in html
    assert "not over" in html
    unit = {"unit_id": "later"}
    folded.add(folded.decided.model_copy(update={"spec": folded.decided.spec.model_copy(update=unit)}))
    result = folded.finished.result.model_copy(update=unit)
    folded.add(folded.finished.model_copy(update={"result": result}), at="2026-01-02T04:06:05.000Z")
    assert "<td>1 h 2 min</td>" in folded.page()


def test_the_model_of_a_real_run_is_not_called_simulated(folded: Folded) -> None:
    assert isinstance(folded.started.data, RunStarted)
    folded.add(folded.started.data.model_copy(update={"simulated": False, "model": "qwen"}), at=folded.started.at)
    html = folded.page()
    assert "Rehearsal" not in html
    assert "qwen" in html


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chrome.Page]:
    program = chrome.chromium()
    if program is None:
        pytest.skip("there is no Chromium")
    with chrome.browser(program, tmp_path_factory.mktemp("profile")) as opened:
        yield opened


ROWS = "[...document.querySelectorAll('#attempts tbody tr:not(.opened)')].filter(row => row.offsetParent).length"


@pytest.mark.browser
def test_a_browser_shows_the_memorys_figures_and_asks_nobody(night: Night, tab: chrome.Page) -> None:
    tab.go(night.file.as_uri())
    shown = tab.run(
        "Object.fromEntries([...document.querySelectorAll('[data-figure]')]"
        ".map(each => [each.dataset.figure, each.firstChild.textContent.trim()]))"
    )
    wanted = figures_of(night.memory)
    assert {name: shown[name] for name in wanted} == wanted
    assert tab.run("document.getElementById('summary').textContent") == words_of(night.memory)["summary"]
    assert tab.requested == [night.file.as_uri()]
    assert tab.complaints == []


@pytest.mark.browser
def test_what_a_task_is_named_does_nothing_even_if_it_got_in(night: Night, tab: chrome.Page) -> None:
    tab.go(night.file.as_uri())
    assert tab.run("document.scripts.length") == 1
    assert SCRIPT in tab.run("document.querySelector('#attempts').textContent")
    tab.run(
        "const image = document.createElement('div'); window.struck = 0;"
        "image.innerHTML = '<img src=x onerror=\"window.struck = 1\">'; document.body.append(image);"
        "const script = document.createElement('script'); script.text = 'window.struck = 2';"
        "document.body.append(script)"
    )
    tab.run("new Promise(done => setTimeout(done, 200))")
    assert tab.run("window.struck") == 0
    assert any("Content Security Policy" in each for each in tab.complaints)


@pytest.mark.browser
def test_attempts_are_filtered_and_opened_by_keyboard(night: Night, tab: chrome.Page) -> None:
    tab.look(width=1280)
    tab.go(night.file.as_uri())
    assert tab.run(ROWS) == CYCLES
    tab.run("document.querySelector('[name=text]').focus()")
    for letter in "plain":
        tab.press(letter, letter)
    plain = tab.run(ROWS)
    assert 0 < plain < CYCLES
    assert tab.run("document.getElementById('found').textContent") == f"{plain} of {CYCLES}"
    tab.press("Tab")
    tab.press("Enter", "\r")  # the button that clears
    tab.run("new Promise(done => setTimeout(done, 50))")
    assert tab.run(ROWS) == CYCLES
    tab.run("document.querySelector('#attempts a').focus()")
    tab.press("Enter", "\r")
    assert tab.run("document.querySelector('#attempts a').getAttribute('aria-expanded')") == "true"
    assert "Turn 1" in tab.run("document.querySelector('tr.opened').innerText")
    tab.press("Enter", "\r")
    assert tab.run("document.querySelectorAll('tr.opened').length") == 0
    assert tab.complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_a_phone_and_its_words_stand_out(night: Night, tab: chrome.Page, *, dark: bool) -> None:
    tab.look(width=375, dark=dark)
    tab.go(night.file.as_uri())
    assert tab.run("document.documentElement.scrollWidth") == 375
    assert tab.run(CONTRAST) >= 4.5


CONTRAST = """(() => {
  const light = colour => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(each => {
      const share = each / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const behind = node => {
    for (let each = node; each; each = each.parentElement) {
      const found = getComputedStyle(each).backgroundColor;
      if (!found.endsWith(", 0)")) { return found; }
    }
    return "rgb(255, 255, 255)";
  };
  document.querySelectorAll("details").forEach(each => { each.open = true; });
  const worst = [...document.querySelectorAll("body *:not(script)")]
    .filter(node => [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim()))
    .map(node => {
      const style = getComputedStyle(node);
      const pair = [light(node.closest("svg") ? style.fill : style.color), light(behind(node))].sort((a, b) => b - a);
      return (pair[0] + 0.05) / (pair[1] + 0.05);
    });
  return Math.min(...worst);
})()"""
