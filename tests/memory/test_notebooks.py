"""Rules from notes in Markdown."""

from pathlib import Path

import pytest

from memory.rule_sources import load_rules
from memory.rule_wishes import AddRule
from utils.errors import InputError

NOTES = """# A night in November

- not a rule: it stands before the heading

## Lessons learned

What came of it:

- Sort a copy,
  never the argument.
* **Check** the empty list first.
1. Count from `0`.
2) sort A COPY, never the argument

```python
- x  # - code is no rule
# Rules of code
```

### More of them
+ Close the file.

A closing word.

## Plans

- sleep

# House rules #
- Take a heap.
"""


def notes(folder: Path, text: str, name: str = "notes.md") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_the_lists_under_a_heading_of_rules_or_lessons_are_rules_and_nothing_else_is(tmp_path: Path, ends: str) -> None:
    rules = load_rules(notes(tmp_path, NOTES.replace("\n", ends)))
    assert [rule.text for rule in rules] == [
        "Sort a copy, never the argument.",
        "Check the empty list first.",
        "Count from `0`.",
        "Close the file.",
        "Take a heap.",
    ]
    assert rules[0] == AddRule(text="Sort a copy, never the argument.", source="notebook", file="notes.md")


def test_another_source_can_be_named(tmp_path: Path) -> None:
    [rule] = load_rules(notes(tmp_path, "# Rules\n- Sort first.", "review.MARKDOWN"), "review")
    assert (rule.source, rule.file) == ("review", "review.MARKDOWN")


def test_text_of_another_name_is_no_notebook(tmp_path: Path) -> None:
    rules = load_rules(notes(tmp_path, "# Rules\n- Sort first.", "notes.txt"))
    assert [(rule.text, rule.source, rule.file) for rule in rules] == [("- Sort first.", "person", "notes.txt")]


BAD = {
    "empty": ("", ": has no heading that speaks of Rules or Lessons; put one above the list of rules"),
    "no heading": ("- Sort first.\n", ": has no heading that speaks of Rules or Lessons;"),
    "another heading": ("# Unruly\n- Sort first.\n", ": has no heading that speaks of Rules or Lessons;"),
    "a heading in code": ("```\n# Rules\n- a\n```\n", ": has no heading that speaks of Rules or Lessons;"),
    "no list": ("# Rules\nSort first.\n", ": has no list under its heading of Rules or Lessons; write each rule as `-"),
    "an item below an item": ("# Rules\n- Sort.\n  - By key.\n", ", line 3: an item below another; a rule stands by"),
    "an item behind a tab": ("# Rules\n\t- Sort.\n", ", line 2: an item below another;"),
    "an empty item": ("# Rules\n- Sort.\n-\n", ", line 3: an empty item; write a rule or take it out"),
    "a box": ("# Rules\n- [ ] Sort.\n", ", line 2: '[ ] Sort.' is to be ticked, no rule; take the box away or the"),
    "an item that leads on": ("# Lessons\n- On sorting:\n", ", line 2: 'On sorting:' only leads to what follows;"),
    "no words": ("# Rules\n- ...\n", ", line 2, text: a rule has words; correct it"),
    "too long": ("# Rules\n- a\n- " + "x" * 501, ", line 3, text: String should have at most 500 characters;"),
    "an escape": ("# Rules\n- a\x1b[2J\n", ", line 2, text: a rule is one line without control characters; correct"),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD.keys())
def test_what_is_no_rule_is_refused_whole_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    path = notes(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load_rules(path)
    assert str(caught.value).startswith(f"{path}{words}")
    assert "\n" not in str(caught.value)
