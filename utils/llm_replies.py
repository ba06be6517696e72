"""A whole answer judged: is it a reply, a fault that may pass, or a prompt that did not fit?"""

import json
from dataclasses import replace

from utils.completions import Completion, Finish, Reply, Usage
from utils.llm_errors import Passing, Trouble, overflow
from utils.llm_streaming import Draft
from utils.text import estimate_tokens, find_json_object, visible

_MESSAGE_TOKENS = 4
"""What a chat template puts around one message, about."""
_WATCHED_PROMPT_TOKENS = 1000
_TRUNCATED_SHARE = 0.5
_COUNTED_SHARE = 0.9
_ESTIMATED_SHARE = 0.5
"""A reply that ended for its length has at least this share of max_tokens, as counted by the server or estimated."""


def prompt_tokens(completion: Completion) -> int:
    """About how many tokens the messages have."""
    return sum(estimate_tokens(message.content) + _MESSAGE_TOKENS for message in completion.messages)


class Judge:
    """Turns the drafts of one completion into a reply. One for each completion: it compares attempts.

    Args:
        completion: what was asked.
        asked_model: the name to report if the server gives none.
    """

    def __init__(self, completion: Completion, *, asked_model: str) -> None:
        self._completion, self._asked_model = completion, asked_model
        self._prompt_tokens = prompt_tokens(completion)
        self._cut_off_at: int | None = None

    def check_room(self, context_tokens: int | None) -> None:
        """Nothing, if prompt and answer fit into the context as far as can be estimated, or if it is not known.

        Raises:
            ContextOverflow: they do not.
        """
        wanted = self._prompt_tokens + self._completion.max_tokens
        if context_tokens is not None and wanted > context_tokens:
            raise overflow(
                f"about {self._prompt_tokens} tokens of prompt and room for {self._completion.max_tokens} more,"
                f" in a context of {context_tokens}"
            )

    def reply(self, draft: Draft, *, wall_s: float) -> Reply:
        """The reply that a draft amounts to.

        Raises:
            ContextOverflow: the server left out part of the prompt, or the answer filled the context.
            Passing: nothing was said, the answer broke off, or it ended for its length long before max_tokens.
        """
        text, reasoning = draft.text, draft.reasoning
        if not (draft.done or draft.finish or draft.overlong):
            raise Passing(Trouble.DROPPED, "the answer broke off before its end")
        if draft.usage is not None:
            self._check_whole_prompt(draft.usage)
        finish: Finish = "length" if draft.overlong or draft.finish == "length" else "stop"
        said = text + reasoning
        if not said or (finish == "stop" and not said.strip()):
            raise Passing(Trouble.EMPTY, "the server answered with an empty reply")
        if finish == "length" and not draft.overlong:
            self._check_length(draft)
        reply = Reply(
            text=text,
            reasoning=reasoning,
            finish=finish,
            usage=draft.usage or self._estimated(said),
            model=draft.model or self._asked_model,
            wall_s=wall_s,
        )
        return reply if self._completion.json_schema is None else _with_json(reply)

    def _check_whole_prompt(self, usage: Usage) -> None:
        sent = self._prompt_tokens
        if sent > _WATCHED_PROMPT_TOKENS and usage.prompt_tokens < _TRUNCATED_SHARE * sent:
            raise overflow(f"the server read only {usage.prompt_tokens} of about {sent} tokens and did not say so")

    def _check_length(self, draft: Draft) -> None:
        """A reply cut off for its length is an outcome at max_tokens, a context overflow or a fault below."""
        limit = self._completion.max_tokens
        if draft.usage is None:
            # The most that it can have been: an outcome must not be taken for a fault.
            size = len((draft.text + draft.reasoning).encode())
            if max(draft.pieces, size / 4) >= _ESTIMATED_SHARE * limit:
                return
        elif draft.usage.completion_tokens >= _COUNTED_SHARE * limit:
            return
        else:
            self._check_same_place(draft.usage.prompt_tokens + draft.usage.completion_tokens)
        raise Passing(Trouble.CUT_OFF, f"the server cut the answer off long before {limit} tokens")

    def _check_same_place(self, total: int) -> None:
        if total == self._cut_off_at:
            raise overflow(f"the server ended the answer twice at {total} tokens in all, which seems to be its limit")
        self._cut_off_at = total

    def _estimated(self, answer: str) -> Usage:
        return Usage(prompt_tokens=self._prompt_tokens, completion_tokens=estimate_tokens(answer), estimated=True)


def _with_json(reply: Reply) -> Reply:
    """The reply, its text taken from the reasoning if the server put the JSON there and nothing into the content."""
    if visible(reply.text).strip() or (found := find_json_object(reply.reasoning)) is None:
        return reply
    return replace(reply, text=json.dumps(found, ensure_ascii=False))
