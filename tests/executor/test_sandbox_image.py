"""What names an image, and which words may become part of its making."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.sandbox_image import DOCKERFILE, ImageRecipe
from utils.errors import InputError
from utils.settings import load_settings

WRONG = [
    "pip-", "pip+", "-y", "a;b", "a b", "$(id)", "`id`", "NumPy", "numpy=1.26", "../six", "a\nb", "a__b", "é", "x" * 61,
]  # fmt: skip


@pytest.mark.parametrize("name", [*WRONG, "", "a\n"])
def test_what_is_no_package_name_never_reaches_a_shell(name: str) -> None:
    with pytest.raises(InputError, match="is no name of a package"):
        ImageRecipe(packages=("numpy", name))


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_package_in_the_settings_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("BT_SANDBOX_PACKAGES", f"numpy,{name},six")
    with pytest.raises(InputError, match=r"BT_SANDBOX_PACKAGES: .*should be at most 32 names"):
        load_settings()


def test_packages_in_the_settings_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BT_SANDBOX_PACKAGES", "numpy, pytest,")
    assert load_settings().sandbox_packages == ("numpy", "pytest")


def test_too_many_packages_are_refused() -> None:
    with pytest.raises(InputError, match="33 packages"):
        ImageRecipe(packages=tuple(f"p{number}" for number in range(33)))


@given(st.lists(st.from_regex("[a-z][a-z0-9]{0,8}", fullmatch=True), max_size=6))
def test_an_image_depends_on_which_packages_not_on_their_order_or_repetition(names: list[str]) -> None:
    there, back = ImageRecipe(packages=tuple(names)), ImageRecipe(packages=(*reversed(names), *names))
    assert there.tag() == back.tag()
    assert there.arguments["PACKAGES"].split() == [f"python3-{name}" for name in sorted(set(names))]
    assert (ImageRecipe().tag() == there.tag()) == (not names)


def test_a_change_of_the_dockerfile_changes_the_name(tmp_path: Path) -> None:
    changed = tmp_path / "Dockerfile"
    changed.write_bytes(DOCKERFILE.read_bytes() + b"# more")
    assert ImageRecipe(changed).tag() != ImageRecipe().tag()
    assert ImageRecipe().labels() == {"builder-trainer.recipe": ImageRecipe().digest()}
