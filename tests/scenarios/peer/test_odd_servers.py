"""The client against real servers on this machine that behave oddly, badly or with bad intent."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import struct
import time

import pytest

from hanse.http.guard import AddressGuard
from hanse.http.peer import PeerClient
from hanse.kernel.errors import AddressRefused, PeerInvalid, PeerUnreachable

EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Server:
    """Reads requests and answers each from a list, the last one for ever. An answer may be bytes or what writes them."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.connections = 0
        self.open = set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/negotiations/request"
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for writer in self.open:
            writer.transport.abort()
        await asyncio.sleep(0)

    async def serve(self, reader, writer):
        self.connections += 1
        self.open.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(x[15:]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")), 0)
                self.requests.append((head, await reader.readexactly(length)))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                elif await answer(writer):
                    return
        except (asyncio.IncompleteReadError, OSError):
            writer.close()


async def hang_up(writer):
    writer.close()
    return True


async def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return True


async def stay_silent(writer):
    await asyncio.sleep(60)
    return True


def then(data, end=hang_up):
    async def answer(writer):
        writer.write(data)
        await asyncio.sleep(0.02)
        return await end(writer)

    return answer


def talk(*answers, requests=1, method="POST", pause=0.0, **options):
    """Send `requests` requests one after the other; return the outcomes (answers or errors) and the server."""

    async def run():
        async with Server(*answers) as server:
            client = PeerClient(AddressGuard([f"127.0.0.1:{server.port}"]))
            outcomes = []
            for _ in range(requests):
                try:
                    outcomes.append(await client.send(method, server.url, b'{"a":1}' if method == "POST" else None, **options))
                except (PeerInvalid, PeerUnreachable) as fault:
                    outcomes.append(fault)
                await asyncio.sleep(pause)
            await client.close()
            return outcomes, server

    return asyncio.run(run())


def test_an_acknowledgement_needs_neither_body_nor_content_type():
    (answer,), server = talk(EMPTY)
    assert (answer.status, answer.body) == (200, b"")
    head, body = server.requests[0]
    assert body == b'{"a":1}'
    assert b"content-type: application/json" in head.lower()
    assert b"accept-encoding: identity" in head.lower()
    assert b"cookie" not in head.lower()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 400, 401, 404, 409, 429, 500, 503])
def test_any_status_is_an_answer(status):
    body = b"" if status == 204 else b"No handler registered"
    (answer,), _ = talk(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nRetry-After: 3\r\n\r\n%s" % (status, len(body), body))
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (status, body, "3")


def test_headers_of_the_caller_are_sent_and_bodies_without_length_are_read():
    (answer,), server = talk(
        then(b"HTTP/1.0 200 OK\r\n\r\n{}"), headers={"Authorization": "Bearer t", "content-type": "application/ld+json"}
    )
    assert answer.body == b"{}"
    head = server.requests[0][0].lower()
    assert b"authorization: bearer t" in head
    assert head.count(b"content-type") == 1
    assert b"application/ld+json" in head
    (answer,), _ = talk(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")
    assert answer.body == b"{}"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_not_followed(status, method):
    async def run():
        async with (
            Server(EMPTY) as inner,
            Server(b"HTTP/1.1 %d X\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % (status, inner.url.encode())) as outer,
        ):
            client = PeerClient(AddressGuard(["127.0.0.0/8"]))
            with pytest.raises(PeerInvalid, match="redirect"):
                await client.send(method, outer.url)
            await client.close()
            return inner.connections, len(outer.requests)

    assert asyncio.run(run()) == (0, 1)


def test_cookies_are_not_kept():
    _, server = talk(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n", requests=2)
    assert all(b"a=b" not in head for head, _ in server.requests)


def test_the_environment_names_no_proxy(monkeypatch):
    async def run():
        async with Server(EMPTY) as server, Server(EMPTY) as proxy:
            for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            client = PeerClient(AddressGuard(["127.0.0.0/8"]))
            await client.send("GET", server.url)
            await client.close()
            return server.connections, proxy.connections

    assert asyncio.run(run()) == (1, 0)


def test_answers_over_the_limit_are_cut_off():
    stated = b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"64\r\n" + b"x" * 100 + b"\r\n"

    async def endless(writer):
        writer.write(chunked)
        while not writer.is_closing():
            writer.write(b"64\r\n" + b"x" * 100 + b"\r\n")
            await writer.drain()
        return True

    for answer in (stated, endless, then(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 1001)):
        (fault,), _ = talk(answer, limit=1000)
        assert isinstance(fault, PeerInvalid)
        assert fault.rule == "peer-too-big"
    (answer,), _ = talk(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000, limit=1000)
    assert len(answer.body) == 1000


def test_a_compressed_answer_is_refused_before_it_is_read():
    bomb = gzip.compress(b"\0" * 50_000_000)
    begun = time.process_time()
    (fault,), _ = talk(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(bomb), bomb))
    assert isinstance(fault, PeerInvalid)
    assert fault.rule == "peer-compressed"
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example ESMTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X%d: a\r\n" % n for n in range(5000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["smtp", "long-header", "many-headers", "negative", "ambiguous", "chunk"],
)
def test_what_is_not_http_is_invalid(answer):
    (fault,), _ = talk(answer)
    assert isinstance(fault, PeerInvalid)


@pytest.mark.parametrize("end", [hang_up, reset])
@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"HTTP/1.1 20",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
    ids=["nothing", "half-a-line", "half-a-body", "half-a-chunk"],
)
def test_an_answer_that_breaks_off_is_unreachable_and_not_repeated(begin, end):
    (fault,), server = talk(then(begin, end))
    assert isinstance(fault, PeerUnreachable)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [stay_silent, then(b"HTTP/1.1 200 OK\r\n", stay_silent), then(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", stay_silent)],
    ids=["nothing", "half-a-head", "half-a-body"],
)
def test_silence_ends_at_the_timeout(answer):
    begun = time.monotonic()
    (fault,), server = talk(answer, timeout=0.2)
    assert isinstance(fault, PeerUnreachable)
    assert fault.rule == "peer-timeout"
    assert time.monotonic() - begun < 2
    assert len(server.requests) == 1


def test_a_drip_ends_at_the_timeout():
    async def drip(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.01)
        return True

    begun = time.monotonic()
    (fault,), _ = talk(drip, timeout=0.2)
    assert isinstance(fault, PeerUnreachable)
    assert time.monotonic() - begun < 2


def test_interim_answers_without_end_end_at_the_timeout():
    async def interim(writer):
        while not writer.is_closing():
            writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
            await asyncio.sleep(0.005)
        return True

    begun = time.monotonic()
    (fault,), _ = talk(interim, timeout=0.2)
    assert isinstance(fault, (PeerUnreachable, PeerInvalid))
    assert time.monotonic() - begun < 2


def test_connections_are_kept():
    outcomes, server = talk(EMPTY, requests=20)
    assert {answer.status for answer in outcomes} == {200}
    assert server.connections == 1


@pytest.mark.parametrize("end", [hang_up, reset])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_kept_connection_that_was_closed_is_tried_once_more(end, method):
    outcomes, server = talk(EMPTY, end, EMPTY, requests=2, method=method)
    assert [getattr(outcome, "status", outcome) for outcome in outcomes] == [200, 200]
    assert (len(server.requests), server.connections) == (3, 2)
    assert server.requests[1][1] == server.requests[2][1]


@pytest.mark.parametrize("end", [hang_up, reset])
def test_the_second_try_is_the_last(end):
    outcomes, server = talk(EMPTY, end, end, EMPTY, requests=2)
    assert isinstance(outcomes[1], PeerUnreachable)
    assert len(server.requests) == 3


def test_no_second_try_once_an_answer_has_begun():
    for begin in (b"H", b"HTTP/1.1 200 OK\r\nX: a"):
        outcomes, server = talk(EMPTY, then(begin), EMPTY, requests=2)
        assert isinstance(outcomes[1], PeerUnreachable)
        assert len(server.requests) == 2


def test_an_idle_connection_that_the_server_closed_is_not_used():
    outcomes, server = talk(then(EMPTY), requests=3, pause=0.1)
    assert [answer.status for answer in outcomes] == [200] * 3
    assert (len(server.requests), server.connections) == (3, 3)


def test_nobody_listening_is_unreachable():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))

        async def run():
            client = PeerClient(AddressGuard(["localhost"]))
            try:
                with pytest.raises(PeerUnreachable):
                    await client.send("POST", f"http://localhost:{free.getsockname()[1]}/", b"{}")
            finally:
                await client.close()

        asyncio.run(run())


def test_localhost_is_reached_by_name():
    async def run():
        async with Server(EMPTY) as server:
            client = PeerClient(AddressGuard([f"localhost:{server.port}"]))
            answer = await client.send("POST", f"http://localhost:{server.port}/", b"{}")
            await client.close()
            return answer.status, server.requests[0][0].lower()

    status, head = asyncio.run(run())
    assert status == 200
    assert b"host: localhost:" in head


def test_a_name_that_leads_to_this_machine_reaches_nothing():
    async def run():
        async with Server(EMPTY) as server:

            async def lookup(host, port):
                return ["127.0.0.1"]

            client = PeerClient(AddressGuard(lookup=lookup))
            for url in (f"https://peer.example:{server.port}/", f"http://peer.example:{server.port}/", f"http://127.0.0.1:{server.port}/"):
                with pytest.raises(AddressRefused):
                    await client.send("POST", url, b"{}")
            await client.close()
            return server.connections

    assert asyncio.run(run()) == 0


def test_tls_is_verified_and_the_name_too(tmp_path):
    trustworthy, server_side = certificates(tmp_path, "peer.example")

    async def run():
        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(EMPTY)
            await writer.drain()
            writer.close()

        async def lookup(host, port):
            return ["127.0.0.1"]

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_side)
        port = server.sockets[0].getsockname()[1]
        outcomes = []
        for name, tls in (("peer.example", None), ("other.example", trustworthy), ("peer.example", trustworthy)):
            client = PeerClient(AddressGuard(["peer.example", "other.example"], lookup=lookup), tls=tls)
            try:
                outcomes.append((await client.send("GET", f"https://{name}:{port}/")).status)
            except PeerUnreachable as fault:
                outcomes.append(fault.rule)
            await client.close()
        server.close()
        return outcomes

    assert asyncio.run(run()) == ["peer-tls", "peer-tls", 200]


def certificates(folder, name):
    """A certificate for `name`, signed by itself: a client context that trusts it, and a server context."""
    import ssl
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, now - timedelta(hours=1), now + timedelta(hours=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    path = folder / "server.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + pem)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(path)
    return ssl.create_default_context(cadata=pem.decode()), server_side


def test_many_requests_at_once_share_a_bounded_number_of_connections():
    async def run():
        async with Server(EMPTY) as server:
            client = PeerClient(AddressGuard(["127.0.0.0/8"]), per_host=8)
            answers = await asyncio.gather(*(client.send("POST", server.url, os.urandom(100)) for _ in range(300)))
            await client.close()
            return {answer.status for answer in answers}, server.connections, len(server.requests)

    assert asyncio.run(run()) == ({200}, 8, 300)
