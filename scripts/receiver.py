#!/usr/bin/env python3
"""A webhook receiver to try Hookline out with: answers every request and prints it. Standard library only.

    scripts/receiver.py [--listen 127.0.0.1:9000] [--status 200]

A path decides for itself where it ends in a status: POST /anything/503 is answered with 503.
"""

import argparse
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def shown(body):
    """JSON indented, anything else as text."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body.decode("utf-8", "replace")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status = 200

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        wanted = re.search(r"/([1-5]\d\d)$", self.path)
        status = int(wanted.group(1)) if wanted else self.status
        lines = [f"{self.command} {self.path} -> {status}"]
        lines += [f"  {name}: {value}" for name, value in self.headers.items()]
        lines += ["  " + line for line in shown(body).splitlines()]
        print("\n".join(lines) + "\n", flush=True)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = do_PATCH = do_GET = answer

    def log_message(self, *arguments):
        pass  # answer() has printed it


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:9000", metavar="ADDRESS:PORT")
    parser.add_argument("--status", type=int, default=200, help="the answer (default: 200)")
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    Handler.status = options.status
    server = ThreadingHTTPServer((host, int(port)), Handler)
    print(f"listening on http://{host}:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
