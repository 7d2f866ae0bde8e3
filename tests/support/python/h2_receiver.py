#!/usr/bin/env python3
"""A receiver that speaks HTTP/2 over TLS and nothing else: prints its port, then one JSON line per request.

h2_receiver.py --cert FILE --key FILE
"""
import argparse
import asyncio
import json
import ssl

import h2.config
import h2.connection
import h2.events


class Receiver(asyncio.Protocol):
    connections = 0

    def connection_made(self, transport):
        Receiver.connections += 1
        self.transport, self.requests = transport, {}
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.h2.initiate_connection()
        transport.write(self.h2.data_to_send())

    def data_received(self, data):
        for event in self.h2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                self.requests[event.stream_id] = (event.headers, bytearray())
            elif isinstance(event, h2.events.DataReceived):
                self.requests[event.stream_id][1].extend(event.data)
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                self.answer(event.stream_id)
        self.transport.write(self.h2.data_to_send())

    def answer(self, stream):
        headers, body = self.requests.pop(stream)
        pseudo = {name: value for name, value in headers if name.startswith(":")}
        print(json.dumps({
            "method": pseudo[":method"],
            "url": f"{pseudo[':scheme']}://{pseudo[':authority']}{pseudo[':path']}",
            "headers": [[name, value] for name, value in headers if not name.startswith(":")],
            "body": body.decode(),
            "connection": Receiver.connections,
        }), flush=True)
        self.h2.send_headers(stream, [(":status", "200"), ("content-length", "2")])
        self.h2.send_data(stream, b"ok", end_stream=True)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    options = parser.parse_args()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.cert, options.key)
    context.set_alpn_protocols(["h2"])
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
