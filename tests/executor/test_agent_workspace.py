"""A job's files: emptied whatever they are, collected only if they are what they seem, counted."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.agent.workspace import CHUNK, MOST_ENTRIES, Artifacts, disk_use, empty

ALL = ["*"]
NAMES = st.text(st.sampled_from("ab.-é \n*["), min_size=1, max_size=4).filter(lambda name: name not in {".", ".."})
TREES: st.SearchStrategy[dict[str, object]] = st.recursive(
    st.just({}) | st.binary(max_size=5), lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=12
).filter(lambda tree: isinstance(tree, dict))  # type: ignore[assignment]


def grow(tree: dict[str, object], folder: Path) -> None:
    """Make the tree of dicts (folders) and bytes (files) below folder."""
    for name, what in tree.items():
        if isinstance(what, dict):
            (folder / name).mkdir()
            grow(what, folder / name)
        elif isinstance(what, bytes):
            (folder / name).write_bytes(what)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def collected(folder: Path, patterns: list[str] | None = None, most_bytes: int = 1000) -> Artifacts:
    artifacts = Artifacts(patterns or ALL, most_bytes=most_bytes)
    artifacts.collect(str(folder))
    return artifacts


@given(TREES)
def test_a_tree_of_any_shape_is_emptied_and_its_root_stays(tree: dict[str, object]) -> None:
    with TemporaryDirectory() as folder:
        grow(tree, Path(folder))
        empty(folder)
        assert list(Path(folder).iterdir()) == []


def test_a_tree_deeper_than_paths_may_be_long_is_emptied(tmp_path: Path) -> None:
    with inside(tmp_path):
        for _ in range(3000):
            Path("deep").mkdir()
            os.chdir("deep")
        Path("file").write_bytes(b"x")
    empty(str(tmp_path))
    assert list(Path(tmp_path).iterdir()) == []


def test_many_files_in_one_folder_and_many_folders_are_emptied(tmp_path: Path) -> None:
    (tmp_path / "wide").mkdir()
    for number in range(3000):
        (tmp_path / "wide" / str(number)).touch()
        (tmp_path / f"folder-{number}").mkdir()
    empty(str(tmp_path))
    assert list(Path(tmp_path).iterdir()) == []


def test_folders_that_nobody_may_enter_links_pipes_and_sockets_are_removed_and_nothing_behind_links(
    tmp_path: Path,
) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    (root / "a/b").mkdir(parents=True)
    other.mkdir()
    (other / "mine").write_text("stays")
    (root / "a/b/file").write_text("x")
    (root / "link").symlink_to(other)
    (root / "a/link").symlink_to(other / "mine")
    (root / "dangling").symlink_to("nowhere")
    os.mkfifo(root / "a/pipe")
    with closing(socket.socket(socket.AF_UNIX)) as local, inside(root):
        local.bind("socket")
    (root / "a/b").chmod(0)
    (root / "a").chmod(0)
    empty(str(root))
    assert list(Path(root).iterdir()) == []
    assert (other / "mine").read_text() == "stays"


def test_folders_named_like_those_that_are_moved_up_cost_a_slot_at_most(tmp_path: Path) -> None:
    for name in (f".1.{os.getpid()}", f".2.{os.getpid()}", "z"):
        (tmp_path / name / "x" / "y").mkdir(parents=True)
        (tmp_path / name / "x" / "file").touch()
    try:
        empty(str(tmp_path))
    except OSError:
        return  # the agent calls that a doubt, and ends
    assert list(tmp_path.iterdir()) == []


def test_files_that_fit_a_pattern_are_collected_in_order_with_their_paths(tmp_path: Path) -> None:
    grow({"b.csv": b"2", "a": {"x.csv": b"1", "y.txt": b"-"}, "c.csv": {"z": b"-"}}, tmp_path)
    assert collected(tmp_path, ["*.csv"]).found == [("a/x.csv", b"1"), ("b.csv", b"2")]
    assert collected(tmp_path, ["b.*", "c.csv/z"]).found == [("b.csv", b"2"), ("c.csv/z", b"-")]
    assert collected(tmp_path, ["none"]).found == []


@given(TREES, st.integers(0, 12))
def test_every_file_is_collected_or_counted_and_all_together_keep_to_the_limit(
    tree: dict[str, object], most: int
) -> None:
    with TemporaryDirectory() as folder:
        grow(tree, Path(folder))
        whole = {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}
        artifacts = collected(Path(folder), most_bytes=most)
    assert dict(artifacts.found).items() <= whole.items()
    assert sum(len(data) for _, data in artifacts.found) <= most
    assert len(artifacts.found) + artifacts.left_out == len(whole)


def test_links_pipes_sockets_and_devices_are_never_opened(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    work = tmp_path / "work"
    work.mkdir()
    (work / "link").symlink_to(tmp_path / "secret")
    (work / "folder").symlink_to(tmp_path)
    os.mkfifo(work / "pipe")
    with closing(socket.socket(socket.AF_UNIX)) as local, inside(work):
        local.bind("socket")
        found = collected(work)
    assert (found.found, found.left_out) == ([], 4)
    devices = collected(Path("/dev"), ["zero", "null", "tty"])
    assert (devices.found, devices.left_out > 1) == ([], True)


def test_a_sparse_file_of_a_terabyte_is_left_out_at_once(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)
    (tmp_path / "small").write_bytes(b"1")
    artifacts = collected(tmp_path, most_bytes=CHUNK)
    assert (artifacts.found, artifacts.left_out) == ([("small", b"1")], 1)


def test_a_file_of_exactly_the_limit_is_taken_and_the_next_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "b").write_bytes(b"6")
    (tmp_path / "c").touch()
    artifacts = collected(tmp_path, most_bytes=5)
    assert (artifacts.found, artifacts.left_out) == ([("a", b"12345"), ("c", b"")], 1)


def test_no_more_entries_are_looked_at_than_a_folder_may_hold(tmp_path: Path) -> None:
    for number in range(MOST_ENTRIES + 5):
        (tmp_path / f"{number:05}").touch()
    assert len(collected(tmp_path).found) == MOST_ENTRIES


def test_a_tree_deeper_than_any_result_is_not_followed_to_its_end(tmp_path: Path) -> None:
    with inside(tmp_path):
        for _ in range(1500):
            Path("deep").mkdir()
            os.chdir("deep")
            Path("file").touch()
    assert 10 < len(collected(tmp_path).found) < 50
    empty(str(tmp_path))


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    if os.getuid() == 0:
        pytest.skip("root can read everything")
    (tmp_path / "closed").mkdir(0)
    (tmp_path / "file").write_text("x")
    (tmp_path / "file").chmod(0)
    artifacts = collected(tmp_path)
    assert (artifacts.found, artifacts.left_out) == ([], 1)
    (tmp_path / "closed").chmod(stat.S_IRWXU)


def test_a_folder_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert collected(tmp_path / "gone").found == []
    assert disk_use(str(tmp_path / "gone")) == (0, 0)


def test_disk_use_counts_blocks_and_entries_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/data").write_bytes(bytes(100_000))
    (tmp_path / "link").symlink_to("/usr")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 30)
    size, count = disk_use(str(tmp_path))
    assert (100_000 <= size < 1_000_000, count) == (True, 4)


def test_a_link_in_the_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.csv").write_text("1")
    (tmp_path / "work").symlink_to(tmp_path / "elsewhere")
    assert collected(tmp_path / "work").found == []
