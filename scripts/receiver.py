#!/usr/bin/env python3
"""A webhook receiver to try Hookline out with: answers every request and prints it. Standard library only.

    scripts/receiver.py [--listen 127.0.0.1:9000] [--status 200] [--body TEXT]

A path decides for itself where it ends in a status: POST /anything/503 is answered with 503.
With --body a 2xx has that body, and {n} in it is the number of the request, so that each ticket gets an id of its own:

    scripts/receiver.py --status 201 --body '{"result": {"sys_id": "T{n}"}}'
"""

import argparse
import itertools
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def shown(body):
    """JSON indented, anything else as text."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body.decode("utf-8", "replace")


def type_of(body):
    try:
        json.loads(body)
        return "application/json"
    except ValueError:
        return "text/plain; charset=utf-8"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status = 200
    body = ""
    numbers = itertools.count(1)

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        wanted = re.search(r"/([1-5]\d\d)$", self.path)
        status = int(wanted.group(1)) if wanted else self.status
        number = next(self.numbers)
        has_body = 200 <= status <= 299 and status != 204
        content = self.body.replace("{n}", str(number)) if has_body else ""
        lines = [f"{self.command} {self.path} -> {status} {content}".rstrip()]
        lines += [f"  {name}: {value}" for name, value in self.headers.items()]
        lines += ["  " + line for line in shown(body).splitlines()]
        print("\n".join(lines) + "\n", flush=True)
        self.send_response(status)
        if content:
            self.send_header("Content-Type", type_of(content))
        self.send_header("Content-Length", str(len(content.encode())))
        self.end_headers()
        self.wfile.write(content.encode())

    do_POST = do_PUT = do_PATCH = do_GET = answer

    def log_message(self, *arguments):
        pass  # answer() has printed it


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:9000", metavar="ADDRESS:PORT")
    parser.add_argument("--status", type=int, default=200, help="the answer (default: 200)")
    parser.add_argument("--body", default="", metavar="TEXT",
                        help="the body of a 2xx, {n} in it the number of the request (default: none); sent as JSON if it is, else as text")
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    Handler.status = options.status
    Handler.body = options.body
    server = ThreadingHTTPServer((host, int(port)), Handler)
    print(f"listening on http://{host}:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
