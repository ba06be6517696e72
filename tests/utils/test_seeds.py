import stat
from pathlib import Path

import pytest

from utils.errors import InputError, StorageFault
from utils.seeds import seed_of


def test_a_wanted_seed_is_kept(tmp_path: Path) -> None:
    assert seed_of(tmp_path / "memory", 7) == 7
    assert seed_of(tmp_path / "memory", 7) == 7
    assert seed_of(tmp_path / "memory", None) == 7
    assert (tmp_path / "memory" / "seed").read_text(encoding="ascii") == "7\n"


def test_a_seed_that_nobody_wanted_is_made_once(tmp_path: Path) -> None:
    made = seed_of(tmp_path, None)
    assert 0 <= made < 2**63
    assert seed_of(tmp_path, None) == made
    assert seed_of(tmp_path / "another", None) != made


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    seed_of(tmp_path, 7)
    assert stat.S_IMODE((tmp_path / "seed").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["seed"]


def test_another_seed_is_refused_without_telling_the_first(tmp_path: Path) -> None:
    seed_of(tmp_path, 123456789)
    with pytest.raises(InputError, match=r"^--seed: .* was begun with another seed; leave it out, or choose") as caught:
        seed_of(tmp_path, 8)
    assert "123456789" not in str(caught.value).replace(str(tmp_path), "")


@pytest.mark.parametrize("text", [b"", b"seven", b"7.5", b"\xff", b"7 8", b"9" * 5000])
def test_a_damaged_seed_is_refused_in_one_line(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "seed").write_bytes(text)
    with pytest.raises(InputError, match=r"^[^\n]*seed does not hold a seed; bring it back from a copy [^\n]*$"):
        seed_of(tmp_path, None)


def test_what_a_crash_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / ".seed.new").write_bytes(b"1")
    assert seed_of(tmp_path, 7) == 7


def test_a_folder_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageFault, match="cannot write"):
        seed_of(tmp_path / "file", 7)


def test_a_seed_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "seed").mkdir()
    with pytest.raises(InputError, match="does not hold a seed"):
        seed_of(tmp_path, None)
