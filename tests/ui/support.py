"""What the tests of the web UI stand on: `hookline demo` as a user starts it, a receiver that can be told to be sick, and a Chromium.

Each test file is a program: FILE HOOKLINE [FOLDER FOR SCREENSHOTS [UNITTEST ARGUMENTS, e.g. -k token]]
"""

import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

from playwright.sync_api import expect, sync_playwright

BINARY = sys.argv[1]
SCREENS = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
PATIENCE = 60  # seconds for anything to become true: the machine may be busy
AFTER_A_MINUTE = 200  # the same for what may wait in the second retry topic


def wait_for(fact, what, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if found := fact():
            return found
        time.sleep(0.1)
    raise AssertionError(f"never: {what}")


expect.set_options(timeout=PATIENCE * 1000)


def incident(**changes):
    event = {"event_type": "incident_triggered", "id": "64aa01", "service": {"id": "s1", "name": "Card payments", "slug": "card-payments"},
             "alert_source": {"id": "a1", "type": "Prometheus", "short_name": "prometheus"}, "message": "p99 over 2 s", "status": "triggered",
             "created_at": "2026-03-02T10:04:05.11Z", "tags": {"severity": {"value": "critical"}}}
    return {**event, **changes}


def call(url, method, path, body=None, token=None):
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url + path, method=method, headers=headers, data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        text = answer.read()
        return json.loads(text) if text else None


class Receiver:
    """Remembers what it gets; answers 200 `ok` or what `answers` has for the path, or 500 while it is sick."""

    def __init__(self, host="127.0.0.1", port=0):
        self.sick = False
        self.answers = {}  # path: body
        self.requests = []  # (path, body)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.requests.append((self.path, body.decode()))
                answer = b"it hurts <img src=x onerror=alert(1)>" if outer.sick else outer.answers.get(self.path, "ok").encode()
                self.send_response(500 if outer.sick else 200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128

        self._server = Server((host, port), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def bodies(self, path):
        return [body for at, body in list(self.requests) if at == path]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Demo:
    """`hookline demo`, whose show is over when the constructor returns."""

    def __init__(self, binary):
        self._binary = binary
        self._output = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen([binary, "demo", "--port", "0"], stdout=self._output, stderr=subprocess.STDOUT)
        try:
            text = wait_for(lambda: self._text_if("Still running"), "the demo is up", 180)
            self.url = re.search(r"web UI +(\S+)", text).group(1)
            self.config = re.search(r"config +(\S+)", text).group(1)
        except BaseException:
            self._process.kill()
            raise

    def _text_if(self, mark):
        text = self.printed()
        if self._process.poll() is not None or "FAILED" in text:
            raise AssertionError(f"the demo failed:\n{text}")
        return text if mark in text else None

    def printed(self):
        self._output.seek(0)
        return self._output.read()

    def send(self, kind, *events):
        subprocess.run([self._binary, "send", "--config", self.config, "--kind", kind], input="\n".join(map(json.dumps, events)), text=True, check=True,
                       timeout=PATIENCE, stdout=subprocess.DEVNULL)

    def get(self, path):
        return self.call("GET", path)

    def call(self, method, path, body=None, token=None):
        return call(self.url, method, path, body, token)

    def close(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)
        self._output.close()


class Run:
    """`hookline run` with a configuration of the test's; `stop` it when it is no longer needed."""

    def __init__(self, binary, config, files=None, environment=None):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="hookline-ui-"))
        (self._folder / "hookline.yaml").write_text(config)
        for name, text in (files or {}).items():
            (self._folder / name).write_text(text)
        with open(self._folder / "log", "w") as log:
            self._process = subprocess.Popen([binary, "run", "--config", str(self._folder / "hookline.yaml")], stdout=log, stderr=subprocess.STDOUT,
                                             env={**os.environ, **(environment or {})})
        try:
            self.url = wait_for(self._address, "the admin API listens")
        except BaseException:
            self.close()
            raise

    def _address(self):
        if self._process.poll() is not None:
            raise AssertionError((self._folder / "log").read_text())
        found = re.search(r"admin API on (http://\S+)", (self._folder / "log").read_text())
        return found and found.group(1) + "/"

    def ready(self):
        try:
            return call(self.url, "GET", "readyz")["ready"]
        except urllib.error.HTTPError:
            return False

    def call(self, method, path, body=None, token=None):
        return call(self.url, method, path, body, token)

    def close(self):
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder)


def run_beside(demo, binary, admin="", environment=None):
    """A process more, in the group of the demo."""
    config = pathlib.Path(demo.config)
    text = config.read_text().replace("listen: 127.0.0.1:0", f"listen: 127.0.0.1:0\n{admin}")
    return Run(binary, text, {"webhooks.yaml": (config.parent / "webhooks.yaml").read_text()}, environment)


def chromium():
    path = shutil.which("chromium")
    if not path:
        raise SystemExit("there is no chromium: scripts/setup --test installs it")
    return path


class Pages(unittest.TestCase):
    """A demo, a receiver and a browser for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.demo = Demo(BINARY)
        cls.addClassCleanup(cls.demo.close)
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.close)
        playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        cls.browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.complaints = []  # what the pages of the test wrote into their consoles

    def open(self, path="/webhooks", url=None, **context):
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
        context.set_default_timeout(PATIENCE * 1000)
        self.addCleanup(context.close)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: message.type == "error" and "Failed to load resource" not in message.text and self.complaints.append(message.text))
        page.goto(f"{url or self.demo.url}#{path}")
        expect(page.locator("main h1")).to_be_visible()
        return page

    def go(self, page, path, url=None):
        page.goto(f"{url or self.demo.url}#{path}")
        expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")

    def picture(self, page, name, full_page=True):
        if SCREENS:
            SCREENS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SCREENS / f"{name}.png", full_page=full_page)

    def log_of(self, page, name, refreshed, url=None):
        """Opens the log, and asks again until `refreshed()` is visible: a log is written a moment after the delivery."""
        self.go(page, f"/webhooks/{name}/log", url)

        def seen():
            page.get_by_role("button", name="Refresh").click()
            expect(page.locator(".end")).not_to_have_text("Loading…")
            return refreshed().count() > 0

        wait_for(seen, f"the log of {name} shows it")


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
