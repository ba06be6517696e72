"""Chromium without a window, spoken to in its DevTools protocol over two pipes; nothing else is needed."""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WAIT_S = 60.0
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = (
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb", "--font-render-hinting=none",
)  # fmt: skip


def chromium() -> str | None:
    """The browser's program, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One tab; what it logs, throws and asks for is kept."""

    def __init__(self, orders: int, answers: int) -> None:
        self._orders, self._answers = orders, answers
        self._buffer, self._number, self._session = b"", 0, ""
        self.heard: list[dict[str, Any]] = []
        """Every event of the browser, in order."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def go(self, url: str) -> None:
        """Open it; returns when it is loaded."""
        self.heard.clear()
        self._call("Page.navigate", url=url)
        self._until(lambda: any(each["method"] == "Page.loadEventFired" for each in self.heard))

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def look(self, *, width: int, height: int = 900, dark: bool = False) -> None:
        """Change the size of the window and the scheme of colours."""
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def press(self, key: str, text: str = "") -> None:
        """Press a key and let it go."""
        codes = {"Tab": 9, "Enter": 13}
        told = {"key": key, "code": key, "windowsVirtualKeyCode": codes.get(key, 0), "text": text}
        self._call("Input.dispatchKeyEvent", type="keyDown", **told)
        self._call("Input.dispatchKeyEvent", type="keyUp", **told)

    def picture(self, *, whole: bool = False) -> bytes:
        """A PNG of the window, or of the whole page."""
        answer = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(answer["data"])

    @property
    def requested(self) -> list[str]:
        """URLs of everything that the page asked for."""
        sent = [each["params"] for each in self.heard if each["method"] == "Network.requestWillBeSent"]
        return [each["request"]["url"] for each in sent]

    @property
    def complaints(self) -> list[str]:
        """What stands in the console, exceptions and refusals of the policy included."""
        kinds = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}
        return [json.dumps(each["params"]) for each in self.heard if each["method"] in kinds]

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        number, order = self._number, {"id": self._number, "method": method, "params": params}
        if self._session:
            order["sessionId"] = self._session
        os.write(self._orders, json.dumps(order).encode() + b"\0")
        found: list[dict[str, Any]] = []
        self._until(lambda: bool(found), lambda message: found.append(message) if message.get("id") == number else None)
        assert "error" not in found[0], f"{method}: {found[0]['error']}"
        return dict(found[0]["result"])

    def _until(self, ready: Any, take: Any = lambda _: None) -> None:
        end = time.monotonic() + WAIT_S
        while not ready():
            left = end - time.monotonic()
            assert left > 0, "the browser does not answer"
            if select.select([self._answers], [], [], left)[0]:
                data = os.read(self._answers, 1 << 20)
                assert data, "the browser has ended"
                self._buffer += data
            *whole, self._buffer = self._buffer.split(b"\0")
            for raw in whole:
                message = json.loads(raw)
                take(message)
                if "method" in message:
                    self.heard.append(message)


@contextmanager
def browser(program: str, folder: Path) -> Iterator[Page]:
    """A browser of its own with one tab; its profile is kept in the folder."""
    read_orders, orders = os.pipe()
    answers, write_answers = os.pipe()
    process = subprocess.Popen(
        ["bash", "-c", f'exec "$@" 3<&{read_orders} 4>&{write_answers}', "bash", program, *OPTIONS,
         f"--user-data-dir={folder}"],
        pass_fds=(read_orders, write_answers), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    os.close(read_orders)
    os.close(write_answers)
    try:
        yield Page(orders, answers)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(WAIT_S)
        os.close(orders)
        os.close(answers)
