"""Untrusted text made safe to use: thinking taken out, JSON found, length bounded, control characters escaped.

Nothing here judges what a text means. `estimate_tokens` is a rule of thumb for text in the Latin alphabet and for code:
on prose of other scripts it may be off by a factor of two.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, NoReturn

_THINK_TAG = re.compile(r"<(/?)think(?:ing)?>", re.IGNORECASE)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_BLANKS = re.compile(r"\s+")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_HARMLESS = frozenset("\n\t\u200d")  # the last one joins emoji

_OBJECT_START = re.compile(r"\{(?=\s*[\"}])")
_JSON_BUDGET = 20_000_000
"""Characters that the search for JSON may read in all; without it a hostile reply costs the square of its length."""
_JSON_DEPTH_COST = 20_000
_JSON_LINE_COUNT = 25
"""An error of the decoder counts the lines before it, which reads so many characters at the price of one."""


def visible(text: str) -> str:
    """The text without what stands in `<think>` blocks, white space kept as it is.

    A block that is never closed reaches to the end. A `</think>` without an opening closes a block that the chat
    template opened, so that everything before it is thinking. Inside of a code fence an opening tag is code; so is a
    closing one unless it stands alone on its line.
    """
    kept, start = "", 0
    while tag := _next_tag(text, start):
        if tag[1]:
            kept, start = "", tag.end()
            continue
        kept += text[start : tag.start()]
        closing = next((later for later in _THINK_TAG.finditer(text, tag.end()) if later[1]), None)
        if closing is None:
            return kept
        start = closing.end()
    return kept + text[start:]


def _next_tag(text: str, start: int) -> re.Match[str] | None:
    """The first tag from `start` on that is no code."""
    fenced, counted = False, start
    for tag in _THINK_TAG.finditer(text, start):
        fenced ^= len(_FENCE.findall(text, counted, tag.start())) % 2 == 1
        counted = tag.start()
        if not fenced or (tag[1] and _alone(text, tag)):
            return tag
    return None


def _alone(text: str, tag: re.Match[str]) -> bool:
    line_start, line_end = text.rfind("\n", 0, tag.start()) + 1, text.find("\n", tag.end())
    after = text[tag.end() :] if line_end < 0 else text[tag.end() : line_end]
    return not text[line_start : tag.start()].strip() and not after.strip()


def find_json_object(text: str) -> dict[str, Any] | None:
    """The first whole JSON object in a text that may have thinking, prose and code fences around it; None without one.

    Strict JSON only (no NaN, no Infinity); lone surrogates in its strings become U+FFFD. The search is bounded: a text
    of megabytes that begins many objects and ends none costs less than a second and counts as one without.
    """
    return next(json_objects(text), None)


def json_objects(text: str, *, line_breaks: bool = False) -> Iterator[dict[str, Any]]:
    """The whole JSON objects of a text, one after the other, found as `find_json_object` finds the first.

    Args:
        text: as a model wrote it.
        line_breaks: whether strings may hold line breaks and tabs as they are, which strict JSON forbids and models
            that write code into a string do.
    """
    shown, read, end = visible(text), 0, 0
    decoder = json.JSONDecoder(parse_constant=_refuse, strict=not line_breaks)
    for brace in _OBJECT_START.finditer(shown):
        if brace.start() < end:
            continue  # inside of the object before
        try:
            found, end = decoder.raw_decode(shown, brace.start())
            clean = _clean(found)
        except json.JSONDecodeError as error:
            read += error.pos - brace.start() + error.pos // _JSON_LINE_COUNT
        except (ValueError, RecursionError):  # a constant, a number of too many digits, too deep
            read += _JSON_DEPTH_COST
        else:
            yield clean
        if read > _JSON_BUDGET:
            return


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _clean(value: Any) -> Any:  # noqa: ANN401  JSON is of any type
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {well_formed(name): _clean(item) for name, item in value.items()}
    return value


def well_formed(text: str) -> str:
    r"""The text without lone surrogates, which UTF-8 cannot write: pairs are joined, the others become U+FFFD.

    A model may write the escape of one half of a pair; json.loads accepts that without a word.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clip(text: str, limit: int) -> str:
    """The text if it has at most `limit` characters, else its head and tail with the gap named, at most `limit` long.

    The gap stands on a line of its own in a text of several lines. Below some 60 characters only the head is kept.
    """
    if len(text) <= limit:
        return text
    between = "\n" if "\n" in text else " "
    marker = f"{between}[... {len(text)} characters left out ...]{between}"  # at least as long as the final one
    room = limit - len(marker)
    if room < len(marker) // 2:
        return text[: max(limit, 0)]
    head, tail = room - room // 2, room // 2
    gap = f"{between}[... {len(text) - head - tail} characters left out ...]{between}"
    return f"{text[:head]}{gap}{text[len(text) - tail :]}"


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has: one for each four bytes of UTF-8, a run of white space being one byte.

    Tokenizers write the indentation of a line as one token, so counting its spaces would double the figure for code.
    """
    return -(-len(_BLANKS.sub(" ", text).encode("utf-8", "replace")) // 4)


def printable(text: str) -> str:
    r"""The text with what could steer a terminal or hide escaped: ANSI, control, bidi and zero-width characters.

    Line breaks and tabs stay; a carriage return is shown as `\r`, an escape as `\x1b`.
    """
    if text.isprintable():  # nearly all are, and Unicode's word for it is stricter than ours
        return text
    return "".join(char if _harmless(char) else ascii(char)[1:-1] for char in text)


def _harmless(char: str) -> bool:
    return char in _HARMLESS or unicodedata.category(char) not in _INVISIBLE


def normalised(text: str) -> str:
    """The same for texts that differ only in case, white space and Unicode's ways of writing one character."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def one_line(text: str, limit: int = 200) -> str:
    """The text as one printable line of at most `limit` characters, for messages."""
    return clip(printable(_BLANKS.sub(" ", text).strip()), limit)
