"""A loopback HTTP proxy in front of a real server, which breaks chosen requests on purpose."""

from __future__ import annotations

import hashlib
import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Fault(Enum):
    """What may happen to one request. NONE lets it through."""

    NONE = auto()
    SERVER_ERROR = auto()  # 500 without asking the server
    FULL = auto()  # 507 without asking the server
    CUT = auto()  # the connection closes in the middle of the request's body
    LOSE_ANSWER = auto()  # the server does it, and nobody hears of it
    CUT_ANSWER = auto()  # half of the answer's body, then the connection closes
    STALL_ANSWER = auto()  # half of the answer's body, then nothing until the proxy's `release` is set
    STALL = auto()  # no answer until the proxy's `release` is set
    CORRUPT = auto()  # one byte of the request's body is changed
    OTHER_CHECKSUM = auto()  # the answer names a checksum of something else
    OTHER_SIZE = auto()  # the answer to a HEAD names a byte more
    SAY_YES = auto()  # 200 with what S3 answers to a write, without asking the server


@dataclass
class Proxy:
    """`decide(method, path)` is asked once per request; `seen` lists them as "METHOD path".

    `ranges` lists the Range header of each request that has one.
    """

    endpoint: str
    decide: Callable[[str, str], Fault] = lambda _method, _path: Fault.NONE
    seen: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def count(self, method: str, part: str = "") -> int:
        """How many requests of this method with this in their path came by."""
        return sum(line.startswith(method + " ") and part in line for line in self.seen)


@contextmanager
def faulty_proxy(upstream: str) -> Iterator[Proxy]:
    """Listen on a free loopback port and pass everything on to `upstream` (http only)."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    proxy = Proxy(f"http://127.0.0.1:{server.server_port}")
    server.proxy, server.upstream = proxy, urlsplit(upstream).netloc  # type: ignore[attr-defined]  # handed to _Handler
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def _serve(self) -> None:
        proxy: Proxy = self.server.proxy  # type: ignore[attr-defined]  # set by faulty_proxy
        proxy.seen.append(f"{self.command} {self.path}")
        proxy.ranges += self.headers.get_all("Range") or []
        fault = proxy.decide(self.command, self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if fault is Fault.CUT:
            self.rfile.read(length // 2)
            self.close_connection = True
            return
        body = self.rfile.read(length)
        if fault in (Fault.SERVER_ERROR, Fault.FULL):
            self._answer(500 if fault is Fault.SERVER_ERROR else 507)
            return
        if fault is Fault.SAY_YES:
            self._say_yes(body)
            return
        if fault is Fault.STALL:
            proxy.release.wait()
            self.close_connection = True
            return
        if fault is Fault.CORRUPT:
            body = bytes([body[0] ^ 1]) + body[1:]
        self._forward(body, fault)

    def _say_yes(self, body: bytes) -> None:
        tag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        done = f"<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>".encode()
        data = done if self.command == "POST" else b""
        self._answer(200, data, [("ETag", tag)], str(len(data)))

    def _forward(self, body: bytes, fault: Fault) -> None:
        upstream = http.client.HTTPConnection(self.server.upstream)  # type: ignore[attr-defined]  # see above
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("expect", "connection"):
                    upstream.putheader(name, value)
            upstream.endheaders(body or None)
            answer = upstream.getresponse()
            data = answer.read()
        finally:
            upstream.close()
        if fault is Fault.LOSE_ANSWER:
            self.close_connection = True
            return
        headers = [
            (n, v)
            for n, v in answer.getheaders()
            if n.lower() not in ("content-length", "connection", "transfer-encoding")
        ]
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(data))
        if fault is Fault.OTHER_SIZE:
            length = str(int(length or 0) + 1)
        if fault is Fault.OTHER_CHECKSUM:
            headers = [(n, v.swapcase() if n.lower() == "x-amz-checksum-sha256" else v) for n, v in headers]
        half = fault in (Fault.CUT_ANSWER, Fault.STALL_ANSWER)
        self._answer(answer.status, data[: len(data) // 2] if half else data, headers, length)
        if fault is Fault.STALL_ANSWER:
            self.wfile.flush()
            self.server.proxy.release.wait()  # type: ignore[attr-defined]  # set by faulty_proxy
        self.close_connection |= half

    def _answer(
        self,
        status: int,
        data: bytes = b"",
        headers: list[tuple[str, str]] | None = None,
        length: str | None = "0",
    ) -> None:
        self.send_response_only(status)
        for name, value in headers or []:
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 - http.server's names
