"""What the tests of the web UI stand on: `hookline demo` as a user starts it, a receiver that can be told to be sick, and a Chromium."""

import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request

PATIENCE = 60  # seconds for anything to become true: the machine may be busy


def wait_for(fact, what):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := fact():
            return found
        time.sleep(0.1)
    raise AssertionError(f"never: {what}")


class Receiver:
    """Remembers what it gets; answers 200 `ok`, or 500 while it is sick."""

    def __init__(self):
        self.sick = False
        self.requests = []  # (path, body)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.requests.append((self.path, body.decode()))
                answer = b"it hurts <img src=x onerror=alert(1)>" if outer.sick else b"ok"
                self.send_response(500 if outer.sick else 200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def bodies(self, path):
        return [body for at, body in list(self.requests) if at == path]

    def close(self):
        self._server.shutdown()


class Demo:
    """`hookline demo`, whose show is over when the constructor returns."""

    def __init__(self, binary):
        self._binary = binary
        self._output = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen([binary, "demo", "--port", "0"], stdout=self._output, stderr=subprocess.STDOUT)
        try:
            text = wait_for(lambda: self._text_if("Still running"), "the demo is up")
            self.url = re.search(r"web UI +(\S+)", text).group(1)
            self.config = re.search(r"config +(\S+)", text).group(1)
        except BaseException:
            self._process.kill()
            raise

    def _text_if(self, mark):
        self._output.seek(0)
        text = self._output.read()
        if self._process.poll() is not None or "FAILED" in text:
            raise AssertionError(f"the demo failed:\n{text}")
        return text if mark in text else None

    def send(self, kind, event):
        subprocess.run([self._binary, "send", "--config", self.config, "--kind", kind], input=json.dumps(event), text=True, check=True, timeout=PATIENCE)

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
            return json.load(answer)

    def close(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)


class TokenRun:
    """`hookline run` that wants a token. Its Kafka does not answer: the log-in does not need it."""

    def __init__(self, binary, token):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="hookline-ui-"))
        (self._folder / "hookline.yaml").write_text(
            "kafka: {bootstrap.servers: '127.0.0.1:1', group.id: ui}\ntopics: {incident: [ops.incidents]}\nwebhooks: [webhooks.yaml]\n"
            "admin: {listen: '127.0.0.1:0', token: '${env:UI_TOKEN}'}\n")
        (self._folder / "webhooks.yaml").write_text("name: quiet\nevents: [incident]\nendpoints: [{url: 'https://receiver.example.com/'}]\n")
        self._output = open(self._folder / "log", "w+")
        self._process = subprocess.Popen([binary, "run", "--config", str(self._folder / "hookline.yaml")], stdout=self._output, stderr=subprocess.STDOUT,
                                         env={**os.environ, "UI_TOKEN": token})
        try:
            self.url = wait_for(self._address, "the admin API listens")
        except BaseException:
            self.close()
            raise

    def _address(self):
        found = re.search(r"admin API on (http://\S+)", (self._folder / "log").read_text())
        return found and found.group(1) + "/"

    def close(self):
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder)


def chromium():
    path = shutil.which("chromium")
    if not path:
        raise SystemExit("there is no chromium: scripts/setup --test installs it")
    return path
