"""Who may talk to the page, and how.

A page on this machine is in reach of every web site that its user has open. Three things keep those out: a Host header
must name this server (a name that somebody else's DNS leads here does not), what changes anything must be a POST that
comes from this very page, and where the server can be reached from other machines a token is needed. Not covered: other
users of the same machine, whom a loopback address does not keep out, and whoever listens on a network: this is no TLS.
"""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trainer.live_page.allowed import Allowed

COOKIE = "builder-trainer"
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


def from_this_page(headers: Headers) -> bool:
    """Whether a page of this server sent the request: browsers say so, and no page can make them lie."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    return origin in (f"http://{headers.get('host')}", f"https://{headers.get('host')}")


class Guard:
    """Refuses what `Allowed` does not let in, and gives every answer the headers that keep others out."""

    def __init__(self, app: ASGIApp, allowed: Allowed) -> None:
        """Around an app."""
        self._app, self._allowed = app, allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope, Headers(scope=scope))
        await (refusal or self._app)(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if not self._allowed.host(headers.get("host", "")):
            return _refuse(421, "This server does not go by that name; give it with --name, or use its address.")
        query = parse_qs(scope["query_string"].decode("latin-1"))
        told = query.get("token", [""])[0]
        if told and self._allowed.token and self._allowed.shown(told):
            return self._remember(scope)
        if not self._allowed.shown(_token_of(headers)):
            return _refuse(401, "A token is needed: open the address that `serve` printed.")
        if scope["method"] not in ("GET", "HEAD") and not from_this_page(headers):
            return _refuse(403, "This can be asked for on this server's own page only.")
        return None

    def _remember(self, scope: Scope) -> Response:
        """Keep the token in a cookie, so that it does not stand in the address any longer."""
        response = RedirectResponse(f"/{scope['path'].lstrip('/')}", status_code=303)
        response.set_cookie(COOKIE, self._allowed.token, httponly=True, samesite="strict")
        return response


def _token_of(headers: Headers) -> str:
    scheme, _, told = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return told
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _refuse(status: int, words: str) -> Response:
    return PlainTextResponse(f"{words}\n", status_code=status)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = list(message.get("headers", []))
            known = {name for name, _ in kept}
            added = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in known]
            message["headers"] = [*kept, *added]
        await send(message)

    return sending
