"""The page as an ASGI app: the report, what changes in it, documents, and forms."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import parse_qsl, quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from trainer.live_page.allowed import Allowed
from trainer.live_page.documents import Listing, look
from trainer.live_page.guard import Guard
from trainer.live_page.live import LiveNight
from trainer.live_page.steering import ACTIONS, Door
from trainer.morning_report.rendering import listing_page
from utils.errors import BuilderTrainerError, InputError

POLL_S = 1.0
BEAT_POLLS = 15
MAX_FORM_BYTES = 256 * 1024
MOST_FIELDS = 50
TEXT_POLICY = "default-src 'none'; sandbox"
REPORT_POLICY = "sandbox allow-scripts"
"""A kept report has a policy of its own; here it gets an origin of its own, too."""

Answer = Callable[[Request], Awaitable[Response]]


def live_app(door: Door, allowed: Allowed, *, ends: Callable[[], bool]) -> ASGIApp:
    """The app for the door's memory; `ends` says whether the server is about to end."""
    page = _LivePage(door, ends)
    routes = [
        Route("/", _told(page.report)),
        Route("/events", page.events),
        Route("/steer/{action}", _told(page.steer), methods=["POST"]),
        Route("/memory/{place:path}", _told(page.document)),
    ]
    return Guard(Starlette(routes=routes), allowed)


def _told(answer: Answer) -> Answer:
    """The same answers, with what goes wrong in one plain line."""

    async def answering(request: Request) -> Response:
        try:
            return await answer(request)
        except InputError as error:
            return PlainTextResponse(f"{error}\n", status_code=400)
        except BuilderTrainerError as error:
            return PlainTextResponse(f"{error}\n", status_code=500)

    return answering


class _LivePage:
    def __init__(self, door: Door, ends: Callable[[], bool]) -> None:
        self._door, self._ends = door, ends
        self._night = LiveNight(door.memory)

    async def report(self, request: Request) -> Response:
        """The report as of now."""
        del request
        try:
            return HTMLResponse(await run_in_threadpool(self._night.page))
        except InputError as error:  # no run yet: the browser asks again
            return PlainTextResponse(f"{error}\n", headers={"refresh": "3"})

    async def events(self, request: Request) -> Response:
        """The number of the latest event, when it has changed and a new page may be made."""
        return StreamingResponse(self._numbers(request), media_type="text/event-stream")

    async def _numbers(self, request: Request) -> AsyncIterator[str]:
        known, polls = -1, 0
        while not self._ends() and not await request.is_disconnected():
            try:
                seq = await run_in_threadpool(self._night.seq)
            except BuilderTrainerError as error:
                yield f"event: trouble\ndata: {json.dumps(str(error))}\n\n"
                return
            if seq != known and (known < 0 or self._night.may_renew):
                yield f"data: {seq}\n\n"
                known = seq
            elif polls % BEAT_POLLS == 0:
                yield ": still there\n\n"
            polls += 1
            await asyncio.sleep(POLL_S)

    async def steer(self, request: Request) -> Response:
        """Do what a form asks for, then show the page again."""
        name = request.path_params["action"]
        action = ACTIONS.get(name)
        if action is None:
            raise InputError("nothing of that name can be asked for")
        form = await _form(request)
        told = await run_in_threadpool(action, form, self._door)
        return RedirectResponse(f"/?told={told or name}#live", status_code=303)

    async def document(self, request: Request) -> Response:
        """A folder's names, or a file as text."""
        place = request.path_params["place"]
        found = await run_in_threadpool(look, self._door.memory, place)
        if isinstance(found, Listing):
            if place and not place.endswith("/"):
                return RedirectResponse(f"/memory/{quote(place)}/")
            return HTMLResponse(listing_page(place, found.names, count=found.count))
        is_report = place.startswith("reports/") and place.endswith(".html")
        return Response(
            found,
            media_type="text/html" if is_report else "text/plain",
            headers={"content-security-policy": REPORT_POLICY if is_report else TEXT_POLICY},
        )


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, bounded."""
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > MAX_FORM_BYTES:
            raise InputError(f"a form may have {MAX_FORM_BYTES} bytes")
    try:
        return dict(parse_qsl(data.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise InputError("this is no form") from error
