import json
from dataclasses import replace
from pathlib import Path

import pytest

from memory.replies import RememberingModel, request_digest
from utils.completions import Completion, Message, Reply, Usage
from utils.errors import ModelFault, StorageFault


class Scripted:
    """Answers with its texts in turn, and counts."""

    def __init__(self, *texts: str, model: str = "a model") -> None:
        self.asked: list[Completion] = []
        self._texts, self._model = list(texts), model

    @property
    def name(self) -> str:
        return "scripted"

    def complete(self, completion: Completion) -> Reply:
        self.asked.append(completion)
        if not self._texts:
            raise ModelFault("away")
        usage = Usage(prompt_tokens=3, completion_tokens=2, estimated=True)
        return Reply(text=self._texts.pop(0), reasoning="hm", usage=usage, model=self._model, wall_s=0.123456789)


def asking(text: str) -> Completion:
    return Completion(messages=(Message("user", text),), json_schema={"type": "object"})


def ask(model: Scripted, folder: Path, *texts: str) -> list[str]:
    """What the calls of one unit are answered."""
    remembering = RememberingModel(model, folder)
    return [remembering.complete(asking(text)).text for text in texts]


def test_the_same_request_is_not_asked_twice(tmp_path: Path) -> None:
    model = Scripted("one", "two")
    assert ask(model, tmp_path, "a", "b") == ["one", "two"]
    assert ask(model, tmp_path, "a", "b") == ["one", "two"]
    assert len(model.asked) == 2


def test_a_unit_that_was_cut_short_goes_on_where_it_was(tmp_path: Path) -> None:
    model = Scripted("one", "two")
    ask(model, tmp_path, "a")
    assert ask(model, tmp_path, "a", "b") == ["one", "two"]
    assert [each.messages[0].content for each in model.asked] == ["a", "b"]


def test_another_request_at_the_same_place_is_asked_and_replaces_the_reply(tmp_path: Path) -> None:
    model = Scripted("one", "two", "new")
    ask(model, tmp_path, "a", "b")
    assert ask(model, tmp_path, "a", "c") == ["one", "new"]
    assert ask(model, tmp_path, "a", "c") == ["one", "new"]
    assert len(model.asked) == 3


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff", b'{"schema_version": 1}'])
def test_a_torn_file_is_no_reply(tmp_path: Path, text: bytes) -> None:
    model = Scripted("one", "again")
    ask(model, tmp_path, "a")
    (tmp_path / "reply-0.json").write_bytes(text)
    assert ask(model, tmp_path, "a") == ["again"]


def test_a_reply_of_a_newer_version_is_asked_for_again(tmp_path: Path) -> None:
    model = Scripted("one", "again")
    ask(model, tmp_path, "a")
    document = json.loads((tmp_path / "reply-0.json").read_bytes())
    (tmp_path / "reply-0.json").write_text(json.dumps(document | {"schema_version": 2}), encoding="utf-8")
    assert ask(model, tmp_path, "a") == ["again"]


def test_a_reply_is_the_same_when_it_comes_and_when_it_is_remembered(tmp_path: Path) -> None:
    model = Scripted("half \ud800, pair \ud83d\ude00, \x00 and \u2028", model="m\udfff")
    first = RememberingModel(model, tmp_path).complete(asking("a"))
    again = RememberingModel(model, tmp_path).complete(asking("a"))
    assert first == again
    assert first.text == "half \ufffd, pair \U0001f600, \x00 and \u2028"
    assert (first.model, first.reasoning, first.wall_s, first.finish) == ("m\ufffd", "hm", 0.123457, "stop")
    assert first.usage == Usage(prompt_tokens=3, completion_tokens=2, estimated=True)


def test_a_request_with_a_lone_surrogate_can_be_remembered(tmp_path: Path) -> None:
    model = Scripted("one")
    assert ask(model, tmp_path, "\ud800") == ask(model, tmp_path, "\ud800") == ["one"]


def test_only_a_reply_that_came_from_the_model_is_told(tmp_path: Path) -> None:
    told: list[Reply] = []
    model = Scripted("one")
    RememberingModel(model, tmp_path, received=told.append).complete(asking("a"))
    RememberingModel(model, tmp_path, received=told.append).complete(asking("a"))
    assert [reply.text for reply in told] == ["one"]


def test_a_fault_is_not_remembered(tmp_path: Path) -> None:
    with pytest.raises(ModelFault):
        ask(Scripted(), tmp_path, "a")
    assert ask(Scripted("one"), tmp_path, "a") == ["one"]


def test_a_reply_that_cannot_be_kept_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "folder").touch()
    with pytest.raises(StorageFault):
        ask(Scripted("one"), tmp_path / "folder", "a")


def test_the_name_is_the_model_s(tmp_path: Path) -> None:
    assert RememberingModel(Scripted(), tmp_path).name == "scripted"


def test_everything_that_is_asked_counts() -> None:
    one = asking("a")
    others = [
        asking("b"),
        replace(one, temperature=0.3),
        replace(one, top_p=0.9),
        replace(one, max_tokens=1),
        replace(one, seed=1),
        replace(one, json_schema=None),
        replace(one, messages=(Message("system", "a"),)),
    ]
    assert len({request_digest(each) for each in (one, *others)}) == 8
    assert request_digest(one) == request_digest(asking("a"))


def test_which_unit_asks_does_not_count_and_replies_of_before_stay_known() -> None:
    kept = "ba7b1c5ede29a74710cedc9c41e49a98e11891d5cf18750a7e69a721af347cbc"
    assert [request_digest(replace(asking("a"), unit=unit)) for unit in ("", "ab12cd34-000123")] == [kept, kept]
