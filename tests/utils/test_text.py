"""Untrusted text: what is thinking, what is JSON, how long it may be, what a terminal may see."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.text import (
    clip,
    estimate_tokens,
    find_json_object,
    normalised,
    one_line,
    printable,
    visible,
    well_formed,
)

PATIENT = settings(deadline=None)  # the machine may be busy
TEXTS = st.text(st.characters(), max_size=200)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("    return 1\n", "    return 1\n"),
        ("<think>hm</think>yes", "yes"),
        ("a <think>b</think> c <THINK>d</THINK>e", "a  c e"),
        ("<thinking>hm</thinking>\n\nyes", "\n\nyes"),
        ("yes<think>no end", "yes"),
        ("<think>", ""),
        ("hm, the template opened it\n</think>\nyes", "\nyes"),
        ("one</think>two</think>three", "three"),
        ("<think>a <think>b</think> c</think>d", "d"),
        ("<think>```python\nhm\n</think>yes", "yes"),
        ("hm ```\n</think>\nyes", "\nyes"),
        ("```python\nTAG = '<think>'\nprint(TAG)\n```", "```python\nTAG = '<think>'\nprint(TAG)\n```"),
        ("```\nx = '</think>'\n```\nok", "```\nx = '</think>'\n```\nok"),
        ("```\nx = 1\n```\n<think>hm</think>ok", "```\nx = 1\n```\nok"),
        ("think about <thinker> & </ think>", "think about <thinker> & </ think>"),
    ],
)
def test_thinking_is_taken_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@PATIENT
@given(TEXTS, TEXTS)
def test_text_behind_thinking_is_all_that_is_visible(thought: str, said: str) -> None:
    assert visible(f"<think>{thought}</think>{said}") == said


def test_a_megabyte_of_tags_takes_no_time() -> None:
    started = time.process_time()
    assert visible("<think></think>" * 70_000) == visible("</think>" * 100_000) == visible("<think>" * 100_000) == ""
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}', {"a": 1}),
        ('Sure!\n```json\n{"a": {"b": [1, 2]}}\n```\nDone.', {"a": {"b": [1, 2]}}),
        ('Use {braces} and {x: 1}, then {"a": 1} and {"b": 2}', {"a": 1}),
        ('<think>{"draft": 1}</think>{"a": 1}', {"a": 1}),
        ('[{"a": 1}]', {"a": 1}),
        ('{"a": NaN} {"a": Infinity} {"a": 1}', {"a": 1}),
        ('{"a": ' + "9" * 5000 + '} {"a": 1}', {"a": 1}),
        ('{"a": ' * 200_000 + "1", None),
        (r'{"a": "\ud83d\ude00 \ud800", "\udc00": ["\ud801"]}', {"a": "\U0001f600 \ufffd", "\ufffd": ["\ufffd"]}),
        ("{}", {}),
        ("no object [1, 2]", None),
        ('{"a": 1', None),
        ("", None),
    ],
)
def test_the_first_json_object_is_found(text: str, found: dict[str, Any] | None) -> None:
    assert find_json_object(text) == found


@PATIENT
@given(st.dictionaries(st.text(), JSONS, max_size=4), st.text(st.characters(exclude_characters="{<`~"), max_size=30))
def test_any_object_is_found_in_prose(value: dict[str, Any], prose: str) -> None:
    assert find_json_object(f"{prose}{json.dumps(value)}{prose}") == value


@pytest.mark.parametrize(
    "text", ["{" * 1_000_000, '{"a":[' * 300_000, '{"a":"' * 300_000, ('{"a":' * 900) + "[1," * 900_000]
)
def test_text_that_pretends_to_be_json_costs_little(text: str) -> None:
    started = time.process_time()
    assert find_json_object(text) is None
    assert time.process_time() - started < 5


def test_a_gap_is_named_in_a_line_and_on_a_line_of_its_own() -> None:
    assert clip("a" * 60 + "b" * 60, 80) == f"{'a' * 23} [... 75 characters left out ...] {'b' * 22}"
    assert clip("line\n" * 100, 60).splitlines() == [
        "line",
        "line",
        "lin",
        "[... 475 characters left out ...]",
        "e",
        "line",
        "line",
    ]


@PATIENT
@given(TEXTS, st.integers(-5, 250))
def test_a_clipped_text_is_no_longer_than_asked_and_a_short_one_untouched(text: str, limit: int) -> None:
    clipped = clip(text * 3, limit)
    assert len(clipped) <= max(limit, 0)
    assert clip(text, len(text)) == text


@PATIENT
@given(st.text("abc\n", min_size=150, max_size=400))
def test_head_tail_and_the_named_gap_are_the_whole_text(text: str) -> None:
    parts = re.fullmatch(r"([abc\n]*)[ \n]\[\.\.\. (\d+) characters left out \.\.\.\][ \n]([abc\n]*)", clip(text, 120))
    assert parts is not None
    assert text.startswith(parts[1])
    assert text.endswith(parts[3])
    assert len(parts[1]) + int(parts[2]) + len(parts[3]) == len(text)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("word", 1), ("word " * 4, 5), ("x" + " " * 400 + "y", 1), ("世界", 2), ("\ud800", 1)],
)
def test_tokens_are_estimated_from_bytes(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[31mred\x07\r\n", "\\x1b[31mred\\x07\\r\n"),
        ("\x9b1m\u202etxt\u200b\u2028\ud800\x00", "\\x9b1m\\u202etxt\\u200b\\u2028\\ud800\\x00"),
        ("naïve 世界 👩\u200d💻", "naïve 世界 👩\u200d💻"),
    ],
)
def test_what_could_steer_a_terminal_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@PATIENT
@given(TEXTS)
def test_a_printable_text_can_be_written_and_escapes_nothing_twice(text: str) -> None:
    shown = printable(text)
    assert "\x1b" not in shown.encode().decode()
    assert printable(shown) == shown


def test_texts_that_differ_in_case_space_and_form_only_are_the_same() -> None:
    assert normalised("  Check\u00a0the\n EDGES ﬁrst, Straße é") == normalised("check the edges first, STRASSE e\u0301")
    assert normalised("a b") != normalised("ab")


@PATIENT
@given(TEXTS)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@PATIENT
@given(st.text(st.characters() | st.characters(categories=["Cs"]), max_size=50))
def test_a_well_formed_text_can_be_written_as_utf_8(text: str) -> None:
    assert len(well_formed(text).encode().decode()) <= len(text)


def test_a_pair_of_surrogates_becomes_its_character() -> None:
    assert well_formed("\ud83d\ude00 \ud800 x") == "\U0001f600 \ufffd x"


def test_a_message_is_one_short_line() -> None:
    assert one_line(" a\n\tb \x1b[0m ") == r"a b \x1b[0m"
    assert len(one_line("x" * 1000)) <= 200
