#!/usr/bin/env python3
"""A real mail server for the tests (aiosmtpd): prints its port, then one JSON line per mail that it took.

mail_server.py [--tls MODE] [--cert FILE --key FILE] [--auth USER:PASSWORD] [--refuse N]
  --tls      none, starttls (and no mail without it) or tls
  --refuse   the first N mails get 451
"""
import argparse
import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self, refuse):
        self.refuse = refuse

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.refuse > 0:
            self.refuse -= 1
            return "451 try again later"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        print(json.dumps({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": [[name.lower(), str(value)] for name, value in mail.items()],
            "text": mail.get_content().replace("\r\n", "\n"),
            "tls": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data.login.decode() if session.authenticated else "",
        }), flush=True)
        return "250 taken"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", default="none")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--auth")
    parser.add_argument("--refuse", type=int, default=0)
    options = parser.parse_args()
    context = None
    if options.cert:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.cert, options.key)

    def authenticate(server, session, envelope, mechanism, data):
        good = options.auth and f"{data.login.decode()}:{data.password.decode()}" == options.auth
        return AuthResult(success=bool(good), handled=bool(good), auth_data=data)

    handler = Handler(options.refuse)
    settings = {"hostname": "localhost", "authenticator": authenticate, "auth_required": bool(options.auth),
                "auth_require_tls": options.tls == "starttls"}
    if options.tls == "starttls":
        settings |= {"tls_context": context, "require_starttls": True}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, loop=loop, **settings), "127.0.0.1", 0,
                                      ssl=context if options.tls == "tls" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
