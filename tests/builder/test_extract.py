import importlib.util
import json
import time
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.extract import Extraction, extract_code

FENCE = "```"
CODE = "def add(a, b):\n    return a + b\n"
OLD = "def add(a, b):\n    return a - b\n"
STARTER = 'def add(a: int, b: int) -> int:\n    """The sum."""\n'


def code_of(reply: str, *names: str, starter: str = "") -> str:
    return extract_code(reply, names or ("add",), starter).code


def fenced(code: str, info: str = "python", mark: str = FENCE) -> str:
    return f"{mark}{info}\n{code}{mark}\n"


@pytest.mark.parametrize(
    "reply",
    [
        fenced(CODE),
        fenced(CODE, "py"),
        fenced(CODE, "Python3"),
        fenced(CODE, ""),
        fenced(CODE, " python "),
        fenced(CODE, 'python title="sum.py"'),
        fenced(CODE, "{.python .numberLines}"),
        fenced(CODE, mark="~~~"),
        fenced(CODE, mark="````"),
        fenced(CODE).replace("\n", "\r\n"),
        fenced(CODE).replace("\n", "\r"),
        fenced(CODE).rstrip("`\n"),
        fenced(CODE).rstrip("`\n") + "\n\nThis adds the two numbers.",
        fenced(CODE.rstrip()),
        fenced(CODE).rstrip("`\n") + "\n```That is all, isn't it?\n",
        f"Sure! Here's the function: {fenced(CODE)}It's short.",
        f"1. The code:\n\n   {FENCE}python\n   def add(a, b):\n       return a + b\n   {FENCE}\n2. Done.",
        f"- {FENCE}python\n  def add(a, b):\n      return a + b\n  {FENCE}",
        f"````markdown\nThe answer:\n\n{fenced(CODE)}````\n",
        fenced(CODE, "solution"),
        CODE,
        f"\n\n{CODE}\n\n",
        f"From what I see, it's easy.\nimport the numbers, then:\n\n{CODE}\nThis works, doesn't it?",
        f"{fenced('pip install nothing', 'bash')}\n{fenced(CODE)}\n{fenced('{}', 'json')}",
        f"{fenced(CODE)}\nFor example:\n{fenced('print(add(1, 2))')}",
        f"{fenced(CODE)}\nIt prints:\n{fenced('3', '')}",
        f"{fenced(OLD)}\nThat subtracts. Better:\n{fenced(CODE)}",
        f"<think>\n{fenced(OLD)}</think>\n{fenced(CODE)}",
        f"{fenced(OLD)} so far so good </think>\n{fenced(CODE)}",
        f"{fenced(CODE)}<think>should I",
    ],
)
def test_the_solution_is_found_however_it_is_dressed(reply: str) -> None:
    assert code_of(reply) == CODE


def test_code_inside_of_thinking_that_never_ends_is_no_answer() -> None:
    reason = "the reply is empty after the thinking was taken out"
    assert extract_code(f"<think>{fenced(CODE)}", ("add",)) == Extraction(problem=reason)


@pytest.mark.parametrize("reply", ["", "  \n\t\n", "<think></think>"])
def test_an_empty_reply_is_a_problem(reply: str) -> None:
    assert extract_code(reply, ("add",)).problem == "the reply is empty after the thinking was taken out"


@pytest.mark.parametrize(
    "reply",
    [
        "Sure.",
        "I am sorry, but I cannot add numbers. Import taxes apply.",
        "from the list of numbers we take two, and import them",
        fenced("I cannot do that.\n", ""),
        fenced("ls -l\n", "bash"),
        FENCE,
        f"{FENCE}python\n{FENCE}",
        "`" * 100,
    ],
)
def test_prose_is_no_code(reply: str) -> None:
    assert extract_code(reply, ("add",)) == Extraction(problem="it holds no Python code")


def test_code_that_is_too_long_is_a_problem() -> None:
    long = "x = 1\n" * 20_000 + CODE
    assert extract_code(fenced(long), ("add",)).problem == "its code is longer than 100000 characters"


def test_fences_in_a_docstring_close_nothing() -> None:
    code = f'def add(a, b):\n    """Add.\n\n    {FENCE}\n    add(1, 2)\n    {FENCE}\n    """\n    return a + b\n'
    assert code_of(fenced(code)) == code
    assert code_of(code) == code


def test_fences_in_a_string_at_the_margin_close_nothing() -> None:
    code = f'"""Sums.\n\n{FENCE}\nadd(1, 2)\n{FENCE}\n"""\n{CODE}'
    assert code_of(fenced(code)) == code


def test_a_helper_in_another_block_comes_along_and_examples_do_not() -> None:
    helper, solution = "def flip(b):\n    return -b\n", "def add(a, b):\n    return a - flip(b)\n"
    reply = f"{fenced('import math')}{fenced(helper)}{fenced(solution)}{fenced('assert add(1, 2) == 3')}"
    assert code_of(reply) == f"{helper}\n{solution}"


def test_an_improved_version_uses_what_the_first_one_imported() -> None:
    first, better = f"import math\n{OLD}", "def add(a, b):\n    return math.fsum([a, b])\n"
    assert code_of(fenced(first) + fenced(better)) == f"{first}\n{better}"


def test_names_in_several_blocks_are_put_together() -> None:
    other = "def double(a):\n    return add(a, a)\n"
    reply = fenced("x = 1\n") + fenced(CODE) + fenced(other)
    assert code_of(reply, "double", "add") == f"{CODE}\n{other}"


def test_code_between_prose_without_fences_is_put_together_too() -> None:
    helper, solution = "def flip(b):\n    return -b\n", "def add(a, b):\n    return a - flip(b)\n"
    assert code_of(f"First:\n\n{helper}\nThen it's simple:\n\n{solution}\nDone.") == f"{helper}\n{solution}"


def test_a_broken_solution_goes_before_an_example_that_parses() -> None:
    broken = "def add(a, b)\n    return a + b\n"
    example = "total = add(1, 2)\nprint(total, total, total)\n"
    assert code_of(f"{fenced(broken)}Use it:\n{fenced(example)}") == broken


def test_broken_code_without_fences_is_kept_for_its_error() -> None:
    broken = "def add(a, b):\n    return (a + b\n"
    assert code_of(f"Here it is:\n{broken}") == broken


def test_without_names_the_longest_block_that_parses_is_taken() -> None:
    blocks = fenced("x = 1\n") + fenced("y = [1, 2, 3]\n") + fenced("this is no Python at all\n")
    assert extract_code(blocks, ()).code == "y = [1, 2, 3]\n"


@pytest.mark.parametrize(
    "reply",
    [
        fenced("    return a + b\n"),
        fenced("return a + b\n"),
        fenced("    return a + b"),
        "    return a + b\n",
        f"The body:\n\n{FENCE}\n    return a + b\n{FENCE}\nThat's all.",
    ],
)
def test_a_body_alone_continues_the_starter(reply: str) -> None:
    assert code_of(reply, starter=STARTER) == f"{STARTER}    return a + b\n"


def test_a_body_whose_first_margin_was_eaten_by_the_server_continues_the_starter() -> None:
    assert code_of("if a:\n        b += a\n    return b", starter=STARTER) == (
        f"{STARTER}    if a:\n        b += a\n    return b\n"
    )


def test_a_body_without_a_starter_is_kept_as_it_is() -> None:
    assert code_of(fenced("    return a + b\n")) == "return a + b\n"


def test_an_example_is_no_body() -> None:
    assert code_of(fenced("print(add(1, 2))\n"), starter=STARTER) == "print(add(1, 2))\n"


def test_the_imports_of_the_starter_come_along_where_the_reply_forgot_them() -> None:
    starter = 'from typing import List\n\n\ndef add(a: List[int]) -> int:\n    """The sum."""\n'
    solution = "def add(a: List[int]) -> int:\n    return sum(a)\n"
    assert code_of(fenced(solution), starter=starter) == f"{starter.rstrip()}\n\n{solution}"
    assert code_of(fenced(CODE), starter=starter) == CODE


def test_an_import_of_the_name_does_not_define_it() -> None:
    assert code_of(fenced(CODE) + fenced("from solution import add\nprint(add(1, 2))\n")) == CODE


def test_lone_surrogates_become_replacement_characters() -> None:
    assert code_of(fenced('def add(a, b):\n    return "\ud800"\n')) == 'def add(a, b):\n    return "\ufffd"\n'


def test_null_bytes_are_kept_for_their_error() -> None:
    assert code_of(fenced(f"{CODE}\0\n")) == f"{CODE}\0\n"


def test_form_feeds_and_line_separators_inside_of_strings_stay() -> None:
    code = 'def add(a, b):\n    return "\f \u2028"\n'
    assert code_of(f"   {FENCE}python\n" + code.replace("def", "   def").replace("    r", "       r")) == code
    assert code_of(f"Yes:\n{code}") == code


HOSTILE: dict[str, Callable[[], str]] = {
    "backticks": lambda: "`" * 1_000_000,
    "fences": lambda: f"{FENCE}\n" * 50_000,
    "small blocks": lambda: fenced("x=1\n") * 50_000,
    "blocks that define the name": lambda: fenced(CODE) * 20_000,
    "strings that never end": lambda: f"{FENCE}python\n'''\n{FENCE}\n\"\"\"\n" * 20_000,
    "fences in fences": lambda: "".join("`" * (1000 - depth) + "md\n" for depth in range(900)),
    "lines that begin like code": lambda: "x = 1\nOh no, it's\n" * 50_000,
    "statements": lambda: "x=1\n" * 250_000,
    "large blocks": lambda: fenced("a\n" * 40_000) * 12,
    "a broken tail": lambda: CODE + "x=1\nthis is bad\n" * 4000,
    "a long import": lambda: "import " + "a." * 49_000 + "a\n" + CODE,
    "long imports": lambda: ("import " + "a." * 9900 + "a\n") * 4 + CODE,
    "tags": lambda: "<think>" * 150_000,
    "parentheses": lambda: "def add():\n  return " + "(" * 99_000,
    "signs": lambda: fenced("-" * 99_000 + "1\n"),
    "attributes": lambda: fenced("a." * 9_000 + "a\n"),
    "null bytes": lambda: "\0" * 1_000_000,
    "spaces": lambda: " " * 1_000_000 + "x",
    "list markers": lambda: "- " * 500_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_reply_is_read_quickly(name: str) -> None:
    reply = HOSTILE[name]()
    started = time.process_time()
    extract_code(reply, ("add",), STARTER)
    assert time.process_time() - started < 5.0  # measured: 0.9 at most, thrice that under coverage


WORDS = (FENCE, "~~~", "````", "python", "\n", "\n", "    ", "def add(a, b):", "return a + b", "'''", '"""', "<think>")
ODD_WORDS = (
    "</think>",
    "import os",
    "x = 1",
    "It's",
    "(",
    "\\",
    "\r\n",
    "\0",
    "\ud800",
    "- ",
    "# no",
    "class A:",
    "pass",
)
PARTS = st.sampled_from((*WORDS, *ODD_WORDS))
REPLIES = st.one_of(st.text(max_size=200), st.lists(PARTS, max_size=40).map("".join))


@given(REPLIES, st.sampled_from([(), ("add",), ("add", "A")]), st.sampled_from(["", STARTER, "def add("]))
def test_extraction_never_raises_and_gives_code_or_a_problem(reply: str, names: tuple[str, ...], starter: str) -> None:
    found = extract_code(reply, names, starter)
    assert bool(found.code) != bool(found.problem)
    assert found.code.encode() == found.code.encode("utf-8", "replace")


STATEMENTS = st.sampled_from(
    [
        CODE,
        OLD,
        "import os\n",
        "x = [\n    1,\n]\n",
        f'"""Doc.\n\n{FENCE}\nx\n{FENCE}\n"""\n',
        "# <think>\n",
        "\n",
        "add(1, 2)\n",
    ]
)


@given(st.lists(STATEMENTS, max_size=6), st.sampled_from(["Yes.\n", ""]))
def test_what_was_extracted_is_extracted_again(pieces: list[str], prose: str) -> None:
    first = extract_code(f"{prose}````python\n{''.join(pieces)}{CODE}````\n", ("add",)).code
    assert first.endswith(CODE)
    assert extract_code(first, ("add",)).code == first
    assert extract_code(f"````python\n{first}````\n", ("add",)).code == first


@pytest.mark.shared
@pytest.mark.parametrize("model", ["codellama", "starcoder"])
def test_recorded_answers_are_extracted_unchanged(shared: Path, model: str) -> None:
    dress = dresser(shared)
    lines = (shared / "data/recorded" / f"humaneval-{model}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 164
    for row in rows:
        found = extract_code(dress(row), (row["entry_point"],), row["prompt"])
        assert found.code == row["completion"].strip("\n").rstrip() + "\n", row["task_id"]


def dresser(shared: Path) -> Callable[[dict[str, str]], str]:
    loader = SourceFileLoader("recorded_llm", str(shared / "tools/recorded-llm"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    dress: Callable[[dict[str, str]], str] = module.dress
    return dress
