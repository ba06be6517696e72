"""What a night's log says of each rule: its coins and what came of them.

python -m tests.local_nights MEMORY
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.running import cli_json, events


@dataclass(frozen=True, slots=True)
class Unit:
    """One finished unit, in the order of decision.

    Attributes:
        nominated: the rules that were nominated, by text, with whether the coin dropped each.
        control: whether the holdout coin kept everything away.
        shown: the texts of the rules in its prompt.
    """

    nominated: Mapping[str, bool]
    control: bool
    shown: frozenset[str]
    passed: bool


def units_of(memory: Path) -> list[Unit]:
    """All finished units of a memory, in the order of decision."""
    texts = {each["id"]: each["text"] for each in cli_json("rules", "list", "--all", "--memory", memory)}
    outcomes = {each["result"]["unit_id"]: each["result"]["outcome"] for each in events(memory, "finished")}
    decided = {each["spec"]["unit_id"]: each for each in events(memory, "decided")}
    return [_unit(each, texts, outcomes[unit]) for unit, each in decided.items() if unit in outcomes]


def _unit(decided: dict[str, Any], texts: Mapping[str, str], outcome: str) -> Unit:
    coins = decided["assignment"] or {"nominees": [], "control": False}
    return Unit(
        nominated={texts[each["id"]]: each["dropped"] for each in coins["nominees"] if each["kind"] == "rule"},
        control=coins["control"],
        shown=frozenset(each["text"] for each in decided["spec"]["shown_rules"]),
        passed=outcome == "passed",
    )


def shows_by_third(units: list[Unit], rule: str) -> list[int]:
    """How many units of each third of the night had the rule in their prompts."""
    third = -(-len(units) // 3)
    return [sum(rule in unit.shown for unit in units[start : start + third]) for start in range(0, len(units), third)]


def by_shown(units: list[Unit]) -> dict[frozenset[str], Counter[bool]]:
    """Passed and not passed for each set of rules in the prompt."""
    found: dict[frozenset[str], Counter[bool]] = defaultdict(Counter)
    for unit in units:
        found[unit.shown][unit.passed] += 1
    return dict(found)


def coins(units: list[Unit], rule: str) -> dict[bool, Counter[bool]]:
    """Outcomes of the units that were no controls and had the rule nominated: where it was dropped, and where not."""
    found: dict[bool, Counter[bool]] = {True: Counter(), False: Counter()}
    for unit in units:
        if rule in unit.nominated and not unit.control:
            found[unit.nominated[rule]][unit.passed] += 1
    return found


def main(memory: Path) -> None:
    """One line for each rule that was ever nominated, in the order of its first nomination."""
    units = units_of(memory)
    sys.stdout.write(f"{len(units)} units, {sum(unit.control for unit in units)} of them controls\n")
    for rule in dict.fromkeys(rule for unit in units for rule in unit.nominated):
        kept, dropped = coins(units, rule)[False], coins(units, rule)[True]
        sys.stdout.write(
            f"kept {kept[True]:3d} of {kept.total():3d} passed, dropped {dropped[True]:3d} of {dropped.total():3d},"
            f" shown by third {shows_by_third(units, rule)}: {rule}\n"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
