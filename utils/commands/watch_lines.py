"""Events of a run as plain lines."""

from typing import Any

from memory.attempts import OUTCOME_WORDS
from memory.seen_run import SeenRun
from utils.numbers import span_words
from utils.text import clip

LINE_CHARS = 300


def event_line(event: dict[str, Any], night: SeenRun) -> str:
    """One line for an event of interest, with its time; empty for all others. Its texts may be anybody's."""
    words = _words(event["data"], night)
    return f"{event['at']}  {clip(' '.join(words.splitlines()), LINE_CHARS)}" if words else ""


def _words(data: dict[str, Any], night: SeenRun) -> str:  # noqa: C901, PLR0911, PLR0912  one case for each kind
    match data["kind"]:
        case "run_started":
            return f"run {data['run']} begins with {data['model']}"
        case "run_resumed":
            return f"run {data['run']} goes on"
        case "run_ended":
            return f"run {data['run']} ended after {data['units']} attempts: {data['reason']}"
        case "finished":
            return _finished(night)
        case "parked":
            return f"{data['unit_id']} is parked: {data['reason']}"
        case "abandoned":
            return f"{data['unit_id']} is given up: the program died {data['deaths']} times during it"
        case "faulted":
            return f"{data['fault']}: {data['message']}"
        case "recovered":
            return f"it is back after {span_words(data['away_s'])}"
        case "paused":
            return f"paused by {data['by']}"
        case "continued":
            return f"going on after a pause of {span_words(data['paused_s'])}, by {data['by']}"
        case "task_added" if data["by"] != "loop.py":
            return f"task {data['task']['id']} added by {data['by']}"
        case "task_requeued":
            return f"task {data['task_id']} is in the queue again, by {data['by']}"
        case "task_prioritised":
            return f"task {data['task_id']} has priority {data['priority']}, by {data['by']}"
        case "quarantined":
            return f"task {data['task_id']} is in quarantine: {data['why']}"
        case "rule_added" | "rule_edited" | "rule_judged":
            return f"rule {data.get('rule') or data.get('text')}: {data.get('standing') or 'changed'} by {data['by']}"
        case "revision_adopted" | "revision_dropped":
            return f"trial {data['trial']} of a way of working: {data['kind'].partition('_')[2]}"
        case _:
            return ""


def _finished(night: SeenRun) -> str:
    last = night.latest[-1]
    points = "" if last.points is None else f", {last.points:.1f} points"
    error = f", {last.error}" if last.error else ""
    turns = "1 turn" if last.turns == 1 else f"{last.turns} turns"
    outcome = OUTCOME_WORDS.get(last.outcome, last.outcome)
    return f"{outcome:<8} {last.unit.task}, try {last.unit.number}, {turns}{points}{error}"
