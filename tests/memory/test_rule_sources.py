"""Files of rules, good and bad."""

import json
from pathlib import Path

import pytest

from memory.rule_sources import MAX_FILE_BYTES, MAX_RULES, load_rules
from memory.rule_wishes import AddRule
from utils.errors import InputError

PLAIN = "# my rules\n\n  Use a heap.  \r\nSort first.\n#no rule\nIs `#` a comment?"
FULL = [
    {"text": "Use a heap.", "skills": ["lists", "sorting"], "error_classes": ["KeyError"]},
    {"text": "Sort first."},
]
TOML = """
# my rules
[[rule]]
text = "Use a heap."
skills = ["lists", "sorting"]
error_classes = ["KeyError"]

[[rule]]
text = 'Sort first.'
"""
RULES = (
    AddRule(text="Use a heap.", skills=("lists", "sorting"), error_classes=("KeyError",), file="rules.of.mine"),
    AddRule(text="Sort first.", file="rules.of.mine"),
)


def a_file(folder: Path, content: str | bytes) -> Path:
    path = folder / "rules.of.mine"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_plain_text_holds_a_rule_a_line(tmp_path: Path) -> None:
    texts = [rule.text for rule in load_rules(a_file(tmp_path, PLAIN))]
    assert texts == ["Use a heap.", "Sort first.", "Is `#` a comment?"]


@pytest.mark.parametrize(
    "content",
    [json.dumps(FULL), json.dumps(FULL, indent=2), "\n".join(map(json.dumps, FULL)) + "\n", TOML, "\ufeff" + TOML],
    ids=["array", "array on many lines", "lines", "TOML", "byte order mark"],
)
def test_json_json_lines_and_toml_say_where_a_rule_applies(tmp_path: Path, content: str) -> None:
    assert load_rules(a_file(tmp_path, content)) == RULES


def test_rules_of_equal_normalised_text_are_one_with_the_scopes_of_all(tmp_path: Path) -> None:
    rows = [
        {"text": "Use a heap.", "skills": ["sorting"], "error_classes": ["KeyError"]},
        {"text": "Do not use a heap.", "skills": ["sorting"]},
        {"text": "use  A heap!", "skills": ["lists"]},
    ]
    assert load_rules(a_file(tmp_path, json.dumps(rows))) == (
        AddRule(text="Use a heap.", skills=("lists", "sorting"), file="rules.of.mine"),
        AddRule(text="Do not use a heap.", skills=("sorting",), file="rules.of.mine"),
    )


BAD = {
    "empty": (b"", ": holds no rule; write one a line"),
    "only remarks": (b"# one\n\n# two\n", ": holds no rule; write one a line"),
    "not UTF-8": (b"Use a heap.\nn\xff\n", ", line 2: not UTF-8; save the file as UTF-8"),
    "a rule too long": (b"a\n" + b"x" * 501, ", line 2, text: String should have at most 500 characters; correct it"),
    "a control character": (b"a\x1b[2J", ", line 1, text: a rule is one line without control characters; correct it"),
    "no words": (b"a\n...\n", ", line 2, text: a rule has words; correct it"),
    "broken JSON": (b'[{"text": "a"}', ": broken JSON (Expecting ',' delimiter at column 15); correct it, or do not"),
    "a broken line": (b'{"text": "a"}\n{"text": \n', ", line 2: broken JSON"),
    "a field twice": (b'{"text": "a", "text": "b"}', ", line 1: the field text is given twice"),
    "an unknown field": (b'[{"text": "a", "skill": "b"}]', ", rule 1, skill: Extra inputs are not permitted"),
    "no text": (b'[{"text": "a"}, {"skills": []}]', ", rule 2, text: Field required; correct it"),
    "a text of another type": (b'[{"text": 7}]', ", rule 1, text: Input should be a valid string; correct it"),
    "a wrong skill": (b'{"text": "a", "skills": ["No Good"]}', ", line 1, skills.0: String should match pattern"),
    "an empty error class": (b'{"text": "a", "error_classes": [" "]}', ", line 1, error_classes.0: String should have"),
    "a number among rules": (b'[{"text": "a"}, 7]', ", rule 2, the rule: Input should be a valid dictionary or"),
    "nested too deeply": (b"[" * 100_000, ": JSON nested too deeply"),
    "broken TOML": (b"[[rule]]\ntext = \n", ": broken TOML (Invalid value (at line 2, column 8)); correct it"),
    "other tables": (b"[[rule]]\ntext = 'a'\n[[task]]\nid = 'b'", ": holds task beside the [[rule]] tables"),
}


@pytest.mark.parametrize(("content", "words"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_refused_whole_with_its_place(tmp_path: Path, content: bytes, words: str) -> None:
    path = a_file(tmp_path, content)
    with pytest.raises(InputError) as caught:
        load_rules(path)
    assert str(caught.value).startswith(f"{path}{words}")
    assert "\n" not in str(caught.value)


def test_a_file_holds_ten_thousand_rules_and_not_one_more(tmp_path: Path) -> None:
    lines = [f"Rule {number}" for number in range(MAX_RULES)]
    assert len(load_rules(a_file(tmp_path, "\n".join(lines)))) == MAX_RULES
    with pytest.raises(InputError, match=r"more than 10000 rules; add them in parts$"):
        load_rules(a_file(tmp_path, "\n".join([*lines, "One more"])))


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = a_file(tmp_path, "")
    with path.open("wb") as stream:
        stream.truncate(100 * MAX_FILE_BYTES)
    with pytest.raises(InputError, match=f"is larger than {MAX_FILE_BYTES} bytes$"):
        load_rules(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load_rules(tmp_path / "none")
    with pytest.raises(InputError, match="is a folder"):
        load_rules(tmp_path)
