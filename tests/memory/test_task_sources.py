"""Files of tasks, good and bad."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory.task_sources import built_in_curriculum, load_tasks
from memory.tasks import Check
from utils.errors import InputError

FIXTURES = Path(__file__).with_name("fixtures")
HUMAN_EVAL = Path(__file__).resolve().parents[2] / "../shared/data/humaneval/HumanEval.jsonl.gz"

OWN: dict[str, Any] = {
    "id": "math-twice",
    "name": "Twice",
    "goal": "Write `twice(n: int) -> int`, which doubles n.",
    "entry_point": "twice",
    "skills": ["math"],
    "difficulty": 0.1,
    "checks": [{"name": "doubles", "code": "assert twice(2) == 4"}],
    "reference": "def twice(n):\n    return 2 * n",
}
HUMAN: dict[str, Any] = {
    "task_id": "HumanEval/7",
    "prompt": 'import math\n\n\ndef up(x: float) -> int:\n    """ Round x up.\n    >>> up(1.2)\n    2\n    """\n',
    "entry_point": "up",
    "canonical_solution": "    return math.ceil(x)\n",
    "test": "\n\nMETADATA = {}\n\n\ndef check(candidate):\n\tassert candidate(1.2) == 2\n\n",
}
MBPP: dict[str, Any] = {
    "task_id": 9,
    "text": "Add one.",
    "code": "def inc(n):\r\n\treturn n + 1",
    "test_setup_code": "",
    "test_list": ["assert inc(1) == 2"],
    "challenge_test_list": ["assert inc(9) == 10"],
}


def write(folder: Path, content: object, name: str = "tasks.json") -> Path:
    """A file with this content: bytes, text, or anything else as JSON."""
    path = folder / name
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def complaint(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_tasks(path)
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(path.parent), "").lstrip("/")


class TestOwnTasks:
    def test_one_object_is_one_task(self, tmp_path: Path) -> None:
        (task,) = load_tasks(write(tmp_path, OWN))

        assert task.id == "math-twice"
        assert task.origin == "file"
        assert task.checks == (Check(name="doubles", code="assert twice(2) == 4"),)

    def test_an_object_over_several_lines_an_array_and_lines_give_the_same(self, tmp_path: Path) -> None:
        rows = [OWN, {**OWN, "id": "second"}]
        pretty = load_tasks(write(tmp_path, json.dumps(OWN, indent=2)))
        array = load_tasks(write(tmp_path, json.dumps(rows, indent=2)))
        lines = load_tasks(write(tmp_path, "".join(f"{json.dumps(row)}\r\n\n" for row in rows)))

        assert pretty == array[:1] == lines[:1]
        assert array == lines

    def test_a_byte_order_mark_and_gzip_do_not_matter(self, tmp_path: Path) -> None:
        plain = load_tasks(write(tmp_path, OWN))
        marked = load_tasks(write(tmp_path, b"\xef\xbb\xbf" + json.dumps(OWN).encode()))
        packed = load_tasks(write(tmp_path, gzip.compress(json.dumps([OWN]).encode()), "tasks.anything"))

        assert plain == marked == packed

    def test_a_text_of_checks_is_cut_at_blank_lines_and_comments_are_names(self, tmp_path: Path) -> None:
        checks = "# two\nassert twice(1) == 2\nassert twice(2) == 4\n\n  \n\nassert twice(0) == 0\n"
        (task,) = load_tasks(write(tmp_path, {**OWN, "checks": checks}))

        assert task.checks == (
            Check(name="two", code="# two\nassert twice(1) == 2\nassert twice(2) == 4"),
            Check(name="assert twice(0) == 0", code="assert twice(0) == 0"),
        )

    def test_a_list_may_mix_texts_and_objects(self, tmp_path: Path) -> None:
        (task,) = load_tasks(write(tmp_path, {**OWN, "checks": ["assert twice(1) == 2", *OWN["checks"]]}))

        assert [check.name for check in task.checks] == ["assert twice(1) == 2", "doubles"]

    def test_toml_tables_are_read_like_the_curriculum(self, tmp_path: Path) -> None:
        one = "# mine\n[[task]]\nid = 'a'\nname = 'A'\ngoal = '''\nSay `a`.\n'''\n\n"
        text = one + "[[task]]\nid='b'\nname='B'\ngoal='b'\n"
        first, second = load_tasks(write(tmp_path, text, "tasks.toml"))

        assert (first.id, first.goal, first.graded) == ("a", "Say `a`.", False)
        assert (second.id, second.skills, second.origin) == ("b", ("general",), "file")

    def test_a_toml_file_may_be_one_task(self, tmp_path: Path) -> None:
        (task,) = load_tasks(write(tmp_path, 'id = "a"\nname = "A"\ngoal = "g"\npriority = 3\n'))

        assert task.priority == 3

    def test_a_task_survives_being_written_and_read(self, tmp_path: Path) -> None:
        tasks = built_in_curriculum()
        rows = "".join(task.model_dump_json() + "\n" for task in tasks)

        assert load_tasks(write(tmp_path, rows)) == tasks


class TestHumanEval:
    def test_a_row_becomes_a_task_with_its_test_unchanged(self, tmp_path: Path) -> None:
        (task,) = load_tasks(write(tmp_path, HUMAN))

        assert task.id == "HumanEval/7"
        assert task.origin == "humaneval"
        assert task.goal == "Complete the function `up`.\n\nRound x up.\n>>> up(1.2)\n2"
        assert task.starter == task.setup == HUMAN["prompt"]
        assert task.checks == (Check(name="check(up)", code=HUMAN["test"] + "\n\ncheck(up)\n"),)
        assert task.reference == HUMAN["prompt"] + HUMAN["canonical_solution"]
        assert task.callable_names == ("up",)
        assert task.skills == ("humaneval",)

    def test_a_prompt_without_docstring_is_the_goal_itself(self, tmp_path: Path) -> None:
        prompt = "# adds one\nclass Up:\n    pass\n"
        (task,) = load_tasks(write(tmp_path, {**HUMAN, "prompt": prompt, "canonical_solution": "def up(): pass"}))

        assert task.goal == "Complete the function `up`.\n\n# adds one\nclass Up:\n    pass"

    def test_longer_solutions_count_as_harder(self, tmp_path: Path) -> None:
        longer = {
            **HUMAN,
            "task_id": "HumanEval/8",
            "canonical_solution": "    x = x * 2 - x\n" * 12 + "    return x\n",
        }
        short, long = load_tasks(write(tmp_path, [HUMAN, longer]))

        assert short.difficulty == 0.05
        assert long.difficulty == 0.95

    @pytest.mark.shared
    @pytest.mark.skipif(not HUMAN_EVAL.exists(), reason="HumanEval's file does not lie beside this checkout")
    def test_all_164_published_problems_load(self) -> None:
        tasks = load_tasks(HUMAN_EVAL)
        difficulties = sorted(task.difficulty for task in tasks)

        assert [task.id for task in tasks] == [f"HumanEval/{number}" for number in range(164)]
        assert all(task.starter in (task.reference or "") for task in tasks)
        assert (
            0.05 == difficulties[0] < difficulties[41] < difficulties[82] < difficulties[123] < difficulties[-1] == 0.95
        )


class TestMbpp:
    def test_the_full_shape_loads_and_challenges_are_left_out(self, tmp_path: Path) -> None:
        (task,) = load_tasks(write(tmp_path, MBPP))

        assert (task.id, task.goal, task.origin) == ("MBPP/9", "Add one.", "mbpp")
        assert task.checks == (Check(name="assert inc(1) == 2", code="assert inc(1) == 2"),)
        assert task.examples == ("assert inc(1) == 2",)
        assert task.reference == "def inc(n):\n\treturn n + 1"

    def test_the_name_that_is_called_is_found_under_builtins_and_odd_spacing(self) -> None:
        tasks = {task.id: task for task in load_tasks(FIXTURES / "mbpp.jsonl")}

        assert tasks["MBPP/1"].callable_names == ("common_pages",)
        assert tasks["MBPP/1"].checks[2].code == "assert set(common_pages((1, 1),(1, ))) == set((1, ))"
        assert tasks["MBPP/2"].callable_names == ("is_third",)
        assert tasks["MBPP/7"].callable_names == ("double_all",)

    def test_classes_that_asserts_or_the_setup_build_belong_to_the_interface(self) -> None:
        tasks = {task.id: task for task in load_tasks(FIXTURES / "mbpp.jsonl")}

        assert tasks["MBPP/5"].callable_names == ("total_weight", "Parcel")
        assert tasks["MBPP/4"].callable_names == ("nesting", "Box")
        assert tasks["MBPP/4"].setup == ""
        assert tasks["MBPP/4"].checks[0].code.startswith("one = Box()\ntwo = Box(one)\n")

    def test_imports_that_only_the_code_has_are_lent_to_the_asserts(self) -> None:
        tasks = {task.id: task for task in load_tasks(FIXTURES / "mbpp.jsonl")}

        assert tasks["MBPP/3"].setup == "import math"
        assert tasks["MBPP/6"].setup == ""

    def test_the_sanitized_array_loads_with_its_imports_once(self) -> None:
        first, second, third = load_tasks(FIXTURES / "sanitized-mbpp.json")

        assert first.goal.startswith("Write a python function to remove")
        assert second.setup == "import math"
        assert third.callable_names == ("take_off", "put_on")

    def test_plain_setup_code_runs_before_the_checks(self, tmp_path: Path) -> None:
        row = {**MBPP, "test_setup_code": "start = 1\r\n", "test_list": ["assert inc(start) == 2"]}
        (task,) = load_tasks(write(tmp_path, row))

        assert task.setup == "start = 1"


PLUS: dict[str, Any] = {
    "task_id": "HumanEval/9002",
    "prompt": 'def halves(xs: list):\n    """ Half of every member. """\n',
    "entry_point": "halves",
    "canonical_solution": "    return [x / 2 for x in xs]\n",
    "test": "import numpy as np\n\ndef check(candidate):\n    assert np.allclose(candidate([1]), [0.5])\n",
    "base_input": [[[1, 2]]],
    "plus_input": [[[1, 2]], [[]], [[9]]],
    "atol": 1e-6,
    "contract": "\n    assert type(xs) == list\n",
}


class TestPlus:
    def test_each_input_of_a_row_is_asked_for_once_and_numpy_is_not_needed(self, tmp_path: Path) -> None:
        (task,) = load_tasks(write(tmp_path, PLUS))

        assert [check.code for check in task.checks] == [
            "assert halves([1, 2]) == _plus_wanted([1, 2])",
            "assert halves([]) == _plus_wanted([])",
            "assert halves([9]) == _plus_wanted([9])",
        ]
        assert [check.name for check in task.checks] == ["input 1", "input 2", "input 3"]
        assert "numpy" not in task.model_dump_json()
        assert task.starter == PLUS["prompt"]

    def test_many_inputs_are_asked_for_in_groups(self, tmp_path: Path) -> None:
        inputs = [[[number]] for number in range(1000)]
        (task,) = load_tasks(write(tmp_path, {**PLUS, "plus_input": inputs}))

        assert len(task.checks) == 52
        assert sum(check.code.count("assert") for check in task.checks) == 1001
        assert (task.checks[11].name, task.checks[12].name) == ("input 12", "inputs 13 to 37")

    def test_a_file_of_164_with_a_row_of_over_100_000_characters_is_taken_whole(self, tmp_path: Path) -> None:
        rows = [{**PLUS, "task_id": f"HumanEval/{number}"} for number in range(164)]
        rows[70] = {**rows[70], "plus_input": [[list(range(30_000))]]}
        rows[80] = {key: value for key, value in rows[80].items() if not key.endswith("_input")}
        rows[80]["test"] += f"    assert len(candidate({list(range(30_000))})) == 30_000\n"
        tasks = load_tasks(write(tmp_path, "".join(f"{json.dumps(row)}\n" for row in rows)))

        assert [task.id for task in tasks] == [f"HumanEval/{number}" for number in range(164)]
        assert [number for number, task in enumerate(tasks) if len(task.checks[-1].code) > 100_000] == [70, 80]

    def test_a_root_of_a_polynomial_is_put_into_it(self, tmp_path: Path) -> None:
        row = {**PLUS, "entry_point": "find_zero", "canonical_solution": "    return 1\ndef find_zero(xs): return 0\n"}
        (task,) = load_tasks(write(tmp_path, row))

        assert task.checks[0].code == "assert abs(poly([1, 2], find_zero([1, 2]))) <= 1e-06"

    def test_the_larger_suite_of_an_mbpp_row_is_a_check_like_its_asserts(self, tmp_path: Path) -> None:
        larger = "def run():\n    for given in [1, 2]:\n        assert inc(given) == given + 1\n\nrun()"
        (task,) = load_tasks(write(tmp_path, {**MBPP, "test": f"\n{larger}\n"}))

        assert [check.name for check in task.checks] == ["assert inc(1) == 2", "test"]
        assert task.checks[1].code == larger


ROWS: list[tuple[object, str]] = [
    ({**PLUS, "plus_input": [5]}, "field plus_input: must be a list of lists of arguments"),
    ({**PLUS, "plus_input": [], "base_input": []}, "field plus_input: holds no input"),
    ({**PLUS, "atol": "small"}, "field atol: must be a number from 0 to 1"),
    ({**MBPP, "test": "inc(1)"}, "field test: holds no assert"),
    ({**OWN, "goal": 5}, "field goal: Input should be a valid string"),
    ({**OWN, "goal": "x" * 20_001}, "field goal: String should have at most 20000 characters"),
    ({**OWN, "difficulty": "0.5"}, "field difficulty: Input should be a valid number"),
    ({**OWN, "difficulty": 1.5}, "field difficulty: Input should be less than or equal to 1"),
    ({**OWN, "skills": "math"}, "field skills: Input should be a valid array"),
    ({**OWN, "color": "red"}, "field color: Extra inputs are not permitted"),
    ({**OWN, "id": "../up"}, "field id: String should match pattern"),
    ({**OWN, "entry_point": None}, "field (whole task): Value error, a task with checks needs an entry_point"),
    ({**OWN, "name": "\ud800"}, "field (whole task): Invalid JSON"),
    ({**OWN, "checks": 7}, "field checks: must be a text or a list, not int"),
    ({**OWN, "checks": [7]}, "field checks.0: Input should be an object"),
    ({**OWN, "checks": [{"name": "a", "code": 7}]}, "field checks.0.code: Input should be a valid string"),
    ({**OWN, "checks": ["assert twice("]}, "field checks.0: no valid Python ('(' was never closed in its line 1)"),
    ({**OWN, "checks": ["twice(1)"]}, "field checks.0: holds no assert; add one"),
    ({**OWN, "checks": ["assert " + "-" * 90_000 + "1"]}, "field checks.0: no valid Python ("),
    ({**OWN, "setup": "import"}, "field setup: no valid Python ("),
    ({**OWN, "reference": "def x(:"}, "field reference: no valid Python"),
    ({"id": "a", "name": "A"}, "field goal: Field required"),
    ({"prompt": "x", "answer": "y"}, "neither a task of ours, HumanEval's nor MBPP's (found prompt, answer)"),
    ({}, "neither a task of ours, HumanEval's nor MBPP's (found nothing)"),
    ([1], "must be an object with the fields of a task"),
    ([[]], "must be an object with the fields of a task"),
    ({**HUMAN, "test": None}, "field test: missing; add it as text"),
    ({**HUMAN, "test": ["x"]}, "field test: must be text, not list"),
    ({**HUMAN, "test": "def check(candidate): pass"}, "field test: holds no assert"),
    ({**HUMAN, "test": "def test(candidate): assert True"}, "field test: defines no check(candidate)"),
    ({**HUMAN, "prompt": "def up(:"}, "field prompt: no valid Python"),
    ({**HUMAN, "canonical_solution": "\n  oops oops"}, "field canonical_solution: no valid Python"),
    ({**HUMAN, "entry_point": "a b"}, "field entry_point: String should match pattern"),
    ({**MBPP, "task_id": "9"}, "field task_id: must be a whole number"),
    ({**MBPP, "task_id": True}, "field task_id: must be a whole number"),
    ({**MBPP, "test_list": []}, "field test_list: missing or empty"),
    ({**MBPP, "test_list": "assert 1"}, "field test_list: must be a list of texts"),
    ({**MBPP, "test_list": ["assert other(1)"]}, "field test_list.0: calls nothing that the code defines"),
    ({**MBPP, "test_list": ["inc(1)"]}, "field test_list.0: holds no assert"),
    ({**MBPP, "code": "def\x00"}, "field code: no valid Python"),
    ({**MBPP, "test_setup_code": "x ="}, "field test_setup_code: no valid Python"),
]


class TestBadRows:
    @pytest.mark.parametrize(("row", "told"), ROWS)
    def test_a_wrong_value_is_told_with_its_place_and_field(self, tmp_path: Path, row: object, told: str) -> None:
        rows = row if isinstance(row, list) else [row]

        message = complaint(write(tmp_path, rows))

        assert message.startswith("tasks.json, row 1")
        assert told in message

    def test_lines_are_counted_with_the_empty_ones(self, tmp_path: Path) -> None:
        text = json.dumps(OWN) + "\n\n" + json.dumps({**OWN, "goal": ""}) + "\n"

        assert complaint(write(tmp_path, text)).startswith("tasks.json, line 3, field goal: ")

    def test_an_id_used_twice_is_told_with_both_places(self, tmp_path: Path) -> None:
        message = complaint(write(tmp_path, f"{json.dumps(OWN)}\n{json.dumps(OWN)}\n"))

        assert message.startswith("tasks.json, line 2, field id: math-twice is already used by ")
        assert message.endswith("tasks.json, line 1; rename one")

    def test_hostile_names_of_fields_stay_short_and_in_one_line(self, tmp_path: Path) -> None:
        assert len(complaint(write(tmp_path, {"\n\x1b[2J" * 9999: 1}))) < 300


FILES: list[tuple[str | bytes, str]] = [
    ("", "tasks.json: empty"),
    (" \n\n", "tasks.json: empty"),
    ("hello", "tasks.json: neither JSON, JSON lines nor TOML"),
    ("[]", "tasks.json: holds no task"),
    (b'{"id": "\xff"}', "tasks.json, line 1: not UTF-8"),
    (b'{"a": 1}\n\n"\xe9"', "tasks.json, line 3: not UTF-8"),
    ('{"id": "a",\n "goal" "b"}', "tasks.json, line 2: broken JSON (Expecting ':' delimiter at column 9)"),
    ('{"id": "a"}\n{"id": \n', "tasks.json, line 2: broken JSON"),
    ('{"id": "a"', "tasks.json, line 1: broken JSON"),
    ('[{"id": "a"},]', "tasks.json, line 1: broken JSON"),
    ('{"difficulty": NaN}', "tasks.json, line 1: NaN is not a number in JSON"),
    ('[{"difficulty": -Infinity}]', "tasks.json, line 1: -Infinity is not a number in JSON"),
    ('{"difficulty": 1e999}', "tasks.json, line 1: the number 1e999 is too large"),
    ('{"priority": ' + "9" * 5000 + "}", "tasks.json, line 1: the number 9999"),
    ('{"id": "a", "id": "b"}', "tasks.json, line 1: the field id is given twice"),
    ("[" * 100_000, "tasks.json, line 1: JSON nested too deeply"),
    ('{"id": ' + "[" * 100_000, "tasks.json, line 1: JSON nested too deeply"),
    ("[[task]]\nid = a", "tasks.json, line 2: broken TOML"),
    ("x = " + "[" * 50_000, "tasks.json: broken TOML (nested too deeply)"),
    ("[[chore]]\nid = 'a'", "tasks.json: a TOML file holds [[task]] tables only (found chore)"),
    ("[task]\nid = 'a'", "tasks.json: a TOML file holds [[task]] tables only (found task)"),
    ("task = [1]", "tasks.json, task 1: must be an object"),
    ("id='a'\nname='A'\ngoal='g'\ndifficulty = nan", "tasks.json, the task: holds what no task can hold"),
    ("id='a'\nname='A'\ngoal='g'\npriority = 2024-01-01", "tasks.json, the task: holds what no task can hold"),
    (b"\x1f\x8b\x08broken", "tasks.json: damaged gzip"),
    (gzip.compress(b"{}")[:-6], "tasks.json: damaged gzip"),
    (gzip.compress(b" " * 2_100_000), "tasks.json, line 1: longer than 2 MB"),
    ('{"goal": "' + "x" * 10_000_000 + '"}', "tasks.json, line 1: longer than 2 MB"),
    (gzip.compress(b"x\n" * 100_100_000, 1), "tasks.json: more than 200 MB of text"),
]


class TestBadFiles:
    @pytest.mark.parametrize(("content", "told"), FILES, ids=[told for _, told in FILES])
    def test_a_bad_file_is_told_in_one_line(self, tmp_path: Path, content: str | bytes, told: str) -> None:
        assert complaint(write(tmp_path, content)).startswith(told)

    def test_a_missing_file_and_a_directory_are_told_apart(self, tmp_path: Path) -> None:
        assert complaint(tmp_path / "no.json") == "no.json: no such file; check the path"
        assert complaint(tmp_path).endswith(": a directory; name one file in it")

    def test_a_path_that_no_file_can_have_is_told(self, tmp_path: Path) -> None:
        assert "cannot be read" in complaint(tmp_path / ("x" * 300))
        assert "cannot be read" in complaint(tmp_path / "a\0b") or "no such file" in complaint(tmp_path / "a\0b")

    def test_a_device_is_no_task_file(self) -> None:
        assert complaint(Path("/dev/zero")).endswith("zero: not a regular file; copy it to one")

    def test_a_long_goal_over_many_lines_is_told(self, tmp_path: Path) -> None:
        text = "id = 'a'\nname = 'A'\ngoal = '''\n" + ("x" * 99 + "\n") * 100_000 + "'''\n"

        assert "field goal: String should have at most 20000 characters" in complaint(write(tmp_path, text))

    @given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_stands_in_a_file_ends_in_an_input_error(self, tmp_path: Path, content: bytes) -> None:
        assert complaint(write(tmp_path, content))

    @given(
        row=st.dictionaries(
            st.sampled_from([*OWN, *HUMAN, *MBPP, "examples", "constraints", "test_imports"]),
            st.none() | st.integers() | st.text(max_size=9) | st.lists(st.text(max_size=9), max_size=2),
            max_size=6,
        )
    )
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_odd_values_in_known_fields_end_in_an_input_error(self, tmp_path: Path, row: dict[str, object]) -> None:
        assert complaint(write(tmp_path, [{**OWN, **row, "id": None}]))
