from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from utils.env_example import env_example
from utils.errors import InputError
from utils.settings import ROOT, SECRETS, Settings, load_settings, public, variable

VALUES: dict[str, tuple[str, Any]] = {
    "report": ("off", "off"),
    "llm": ("http://localhost:1234/v1", "http://localhost:1234/v1"),
    "model": ("deepseek", "deepseek"),
    "api_key": ("sesame", "sesame"),
    "record": ("calls.jsonl", Path("calls.jsonl")),
    "tasks": ("a.toml, b.jsonl ,", (Path("a.toml"), Path("b.jsonl"))),
    "schedule": ("once", "once"),
    "memory": ("elsewhere", Path("elsewhere")),
    "sandbox": ("docker", "docker"),
    "sandbox_packages": ("numpy,pytest", ("numpy", "pytest")),
    "sandbox_socket": ("/tmp/agent.sock", Path("/tmp/agent.sock")),
    "isolation": ("container", "container"),
    "runtime": ("runsc", "runsc"),
    "cycles": ("7", 7),
    "until": ("06:30", "06:30"),
    "hours": ("7.5", 7.5),
    "max_tokens": ("1000", 1000),
    "workers": ("3", 3),
    "seed": ("0", 0),
    "goal_pass_rate": ("0.5", 0.5),
    "goal_speed": ("0", 0.0),
    "watch": ("off", "off"),
    "max_repairs": ("0", 0),
    "temperature": ("0", 0.0),
    "top_p": ("0.5", 0.5),
    "reply_tokens": ("512", 512),
    "context_tokens": ("4096", 4096),
    "local_options": ("--n_threads 8", "--n_threads 8"),
    "stall_s": ("10", 10.0),
    "first_token_s": ("20", 20.0),
    "wall_s": ("3", 3.0),
    "cpu_s": ("2", 2.0),
    "memory_mb": ("256", 256),
    "failure_chars": ("300", 300),
    "lessons": ("off", "off"),
    "blueprint_trials": ("on", "on"),
    "holdout": ("0.3", 0.3),
    "dropout": ("0.25", 0.25),
    "holdout_proven": ("0.1", 0.1),
    "dropout_trial": ("0.3", 0.3),
    "dropout_certified": ("0.02", 0.02),
    "recall_tokens": ("0", 0),
    "analyse_every": ("5", 5),
    "propose_every": ("5", 5),
    "weight_accuracy": ("0.5", 0.5),
    "weight_speed": ("0", 0.0),
    "weight_elegance": ("1", 1.0),
    "weight_difficulty": ("0", 0.0),
    "patience_s": ("30", 30.0),
    "fault_wait_s": ("40", 40.0),
    "truths": ("truths.toml", Path("truths.toml")),
    "disk_reserve_mb": ("0", 0),
    "resume": ("only", "only"),
    "container": ("b1946ac92492", "b1946ac92492"),
    "stuck_s": ("90", 90.0),
    "wait_for_model": ("true", True),
    "notify_webhook": ("https://example.org/hook", "https://example.org/hook"),
    "notify_ntfy": ("http://example.org/topic", "http://example.org/topic"),
    "notify_token": ("tk_1", "tk_1"),
    "metrics_port": ("9464", 9464),
    "otel": ("on", "on"),
}
BAD = {
    "cycles": ["0", "-1", "many", "1.5", "1e3", "9" * 5000],
    "until": ["25:00", "6:30", "06:60", "06:30\n", "٠6:30", "soon"],
    "hours": ["0", "-1", "nan", "inf", "10001"],
    "max_tokens": ["0"],
    "schedule": ["sometimes", "Once"],
    "sandbox": ["none", "do\ncker"],
    "isolation": ["none", "Slot"],
    "runtime": ["-x", "a b", "../runsc", "x" * 101],
    "workers": ["0", "65"],
    "seed": ["-1", str(2**63)],
    "goal_pass_rate": ["0.09", "0.96"],
    "goal_speed": ["-0.1", "2.1"],
    "watch": ["no", "On"],
    "max_repairs": ["-1", "21"],
    "temperature": ["-0.1", "2.1", "nan"],
    "top_p": ["0", "1.1"],
    "reply_tokens": ["15", "1000001"],
    "context_tokens": ["255"],
    "stall_s": ["0", "86401"],
    "first_token_s": ["0"],
    "wall_s": ["0", "601"],
    "cpu_s": ["0", "601"],
    "memory_mb": ["15", "65537"],
    "failure_chars": ["199", "100001"],
    "lessons": ["none", "On"],
    "blueprint_trials": ["none", "On"],
    "holdout": ["0", "0.51", "nan"],
    "dropout": ["0", "0.51"],
    "holdout_proven": ["0", "0.51"],
    "dropout_trial": ["0", "0.51"],
    "dropout_certified": ["0", "0.51"],
    "recall_tokens": ["-1", "100001"],
    "analyse_every": ["0"],
    "propose_every": ["-1"],
    "weight_accuracy": ["0", "1.1"],
    "weight_speed": ["-0.1"],
    "weight_elegance": ["1.1"],
    "weight_difficulty": ["-0.1", "1.1", "nan"],
    "patience_s": ["0"],
    "fault_wait_s": ["0", "3601"],
    "disk_reserve_mb": ["-1", "10000001"],
    "resume": ["yes", "On"],
    "container": ["x" * 254],
    "stuck_s": ["0", "nan"],
    "wait_for_model": ["perhaps"],
    "metrics_port": ["-1", "65536"],
    "otel": ["yes"],
}
EACH_BAD = [(name, value) for name, values in BAD.items() for value in values]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def in_environment(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    return lambda name, value: monkeypatch.setenv(variable(name), value)


def in_file(name: str, value: str) -> None:
    Path(".env").write_text(f"{variable(name)}={value}\n", encoding="utf-8")


def got(name: str, **given: Any) -> Any:
    value = getattr(load_settings(**given), name)
    return value.get_secret_value() if name in SECRETS else value


def test_the_list_of_values_here_is_whole() -> None:
    assert set(VALUES) == set(Settings.model_fields)


@pytest.mark.parametrize("name", VALUES)
def test_a_setting_comes_from_the_environment(name: str, in_environment: Callable[[str, str], None]) -> None:
    text, value = VALUES[name]
    in_environment(name, text)
    assert got(name) == value


@pytest.mark.parametrize("name", VALUES)
def test_a_setting_comes_from_the_file_in_the_working_directory(name: str) -> None:
    text, value = VALUES[name]
    in_file(name, text)
    assert got(name) == value


@pytest.mark.parametrize("name", VALUES)
def test_a_setting_comes_from_an_option(name: str) -> None:
    assert got(name, **{name: VALUES[name][1]}) == VALUES[name][1]


def test_the_option_wins_over_the_environment_and_that_over_the_file(
    in_environment: Callable[[str, str], None],
) -> None:
    in_file("cycles", "1")
    assert got("cycles") == 1
    in_environment("cycles", "2")
    assert got("cycles") == 2
    assert (got("cycles", cycles=3), got("cycles", cycles=None)) == (3, 2)


@pytest.mark.parametrize("name", ["cycles", "tasks", "model", "llm"])
def test_an_empty_variable_is_not_set(name: str, in_environment: Callable[[str, str], None]) -> None:
    in_environment(name, "")
    assert got(name) == Settings.model_fields[name].default


@pytest.mark.parametrize(("name", "value"), EACH_BAD)
def test_a_bad_value_is_one_line_that_names_its_place(
    name: str, value: str, in_environment: Callable[[str, str], None]
) -> None:
    with pytest.raises(InputError) as by_option:
        load_settings(**{name: value})
    assert str(by_option.value).startswith(f"--{name.replace('_', '-')}: ")
    in_environment(name, value)
    with pytest.raises(InputError) as by_variable:
        load_settings()
    message = str(by_variable.value)
    assert message.startswith(f"{variable(name)}: ")
    assert message.endswith(f", not {value[:80]!r}")
    assert "\n" not in message


def test_a_message_says_what_is_allowed() -> None:
    with pytest.raises(InputError) as wrong:
        load_settings(until="soon")
    assert str(wrong.value) == "--until: should be a time, HH:MM, not 'soon'"
    with pytest.raises(InputError) as wrong:
        load_settings(schedule="sometimes")
    assert str(wrong.value) == "--schedule: Input should be 'curriculum' or 'once', not 'sometimes'"


def test_a_bad_value_in_the_file_names_the_variable() -> None:
    in_file("workers", "all")
    with pytest.raises(InputError, match=r"^BT_WORKERS: "):
        load_settings()


def test_a_file_that_cannot_be_read_is_one_line(folder: Path) -> None:
    (folder / ".env").write_bytes(b"BT_LLM=\xff\n")
    with pytest.raises(InputError) as wrong:
        load_settings()
    assert str(wrong.value).startswith("the settings cannot be read: 'utf-8' codec")


def test_the_memory_is_in_the_checkout_unless_said_otherwise() -> None:
    assert load_settings().memory == ROOT / "var" / "memory"
    assert variable("memory") == "MEMORY_DIR"


def test_secrets_are_shown_nowhere() -> None:
    settings = load_settings(api_key="sesame", seed=1234567)
    assert "sesame" not in repr(settings) + str(settings) + str(public(settings)) + str(settings.model_dump())
    assert "1234567" not in str(public(settings))


def test_what_was_set_is_text_for_the_log() -> None:
    settings = load_settings(tasks=(Path("a.toml"), Path("b.toml")), cycles=3, memory=Path("m"))
    shown = public(settings)
    assert (shown["tasks"], shown["cycles"], shown["memory"], shown["llm"]) == ("a.toml,b.toml", "3", "m", "rehearsal")
    assert not {"api_key", "seed", "until", "record"} & shown.keys()
    assert "tasks" not in public(load_settings())


def test_the_example_of_a_settings_file_is_up_to_date() -> None:
    committed = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert committed == env_example(), "run: python -m utils.env_example > .env.example"


def test_the_example_names_each_setting_once_with_its_default(folder: Path) -> None:
    text = env_example()
    lines = [line.removeprefix("# ") for line in text.splitlines() if "=" in line.partition(" ")[2].partition(" ")[0]]
    assert [line.partition("=")[0] for line in lines] == [variable(name) for name in Settings.model_fields]
    assert all(line.startswith("#") or not line for line in text.splitlines())
    assert all(
        field.description and field.description in text.replace("\n# ", " ") for field in Settings.model_fields.values()
    )
    (folder / ".env").write_text("\n".join(lines), encoding="utf-8")
    assert load_settings() == Settings(_env_file=None).model_copy(update={"memory": Path("var/memory")})
