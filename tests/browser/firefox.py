"""A Firefox as Linux distributions have it, driven by WebDriver BiDi: no driver program is needed.

Playwright asks Firefox for a command that its releases do not have.
"""

import json
import shutil
import subprocess
import time
from pathlib import Path

from tornado.ioloop import IOLoop
from tornado.websocket import websocket_connect

FIREFOXES = ("firefox-esr", "firefox")
SETTINGS = (("media.autoplay.default", 0), ("services.settings.server", "data:,"))
EVENTS = ["log.entryAdded", "network.beforeRequestSent"]


def find_firefox() -> str | None:
    """Path of the first Firefox that is installed."""
    return next(filter(None, map(shutil.which, FIREFOXES)), None)


class Firefox:
    """One headless Firefox with one tab; close it at the end."""

    def __init__(self, program: str, profile: Path) -> None:
        lines = [f"user_pref({json.dumps(key)}, {json.dumps(value)});" for key, value in SETTINGS]
        (profile / "user.js").write_text("\n".join(lines))
        options = ["--headless", "--no-remote", "--remote-debugging-port=0"]
        self.process = subprocess.Popen(
            [program, *options, "--profile", profile],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.loop = IOLoop(make_current=False)
        self.sent = 0
        self.events: list[dict] = []
        written = profile / "WebDriverBiDiServer.json"
        while not written.exists() or not written.read_text():
            assert self.process.poll() is None, f"{program} ended"
            time.sleep(0.1)
        server = json.loads(written.read_text())
        address = f"ws://{server['ws_host']}:{server['ws_port']}/session"
        self.socket = self.loop.run_sync(lambda: websocket_connect(address))
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=EVENTS)
        self.tab = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method: str, **params: object) -> dict:
        """What Firefox answers to a command; what happens meanwhile is added to `events`."""
        self.sent += 1
        self.socket.write_message(json.dumps({"id": self.sent, "method": method, "params": params}))
        while True:
            message = json.loads(self.loop.run_sync(self.socket.read_message))
            if message["type"] == "event":
                self.events.append(message["params"])
            elif message["id"] == self.sent:
                assert message["type"] == "success", message
                return message["result"]

    def open(self, address: str, *, width: int = 1280) -> None:
        """Go to a page and wait until it is loaded."""
        self.ask(
            "browsingContext.setViewport",
            context=self.tab,
            viewport={"width": width, "height": 800},
        )
        self.ask("browsingContext.navigate", context=self.tab, url=address, wait="complete")

    def call(self, function: str, *values: object) -> object:
        """What a function of JavaScript, or its promise, returns; values pass as JSON."""
        code = f"async () => JSON.stringify(await ({function})(...{json.dumps(values)})) ?? 'null'"
        answer = self.ask(
            "script.callFunction",
            functionDeclaration=code,
            target={"context": self.tab},
            awaitPromise=True,
            userActivation=True,
        )
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"]["value"])

    def choose(self, selector: str, *files: Path) -> None:
        """Choose files in an input."""
        (node,) = self.ask(
            "browsingContext.locateNodes",
            context=self.tab,
            locator={"type": "css", "value": selector},
        )["nodes"]
        element = {"sharedId": node["sharedId"]}
        paths = [str(file) for file in files]
        self.ask("input.setFiles", context=self.tab, element=element, files=paths)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self.ask("input.performActions", context=self.tab, actions=[source])

    def faults(self, site: str) -> list[str]:
        """Errors that the pages reported, and what they asked for outside `site`."""
        faults = [event["text"] for event in self.events if event.get("level") == "error"]
        asked = [event["request"]["url"] for event in self.events if "request" in event]
        inside = (site, "data:", "blob:", "about:")
        return faults + [f"asked for {url}" for url in asked if not url.startswith(inside)]

    def close(self) -> None:
        """End the session and the browser."""
        self.ask("browser.close")
        self.socket.close()
        self.process.wait(timeout=60)
        self.loop.close()
