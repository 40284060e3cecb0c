"""nginx in front: bounded ranges are nginx's, all else is ours, and the client notices nothing."""

from __future__ import annotations

import http.client
import os

import pytest

from hanse.client.fetch import fetch
from hanse.dataplane.records import Place
from tests.scenarios.dataplane.server import serving
from tests.services import nginx, nginx_missing, require

BIG = os.urandom(5 << 20)
CONFIG = """
server {
    listen 127.0.0.1:$port;
    location / { proxy_pass http://127.0.0.1:BACKEND; proxy_buffering off; proxy_http_version 1.1; }
    location /_files/ { internal; alias /; etag off; disable_symlinks on from=/tmp;
        add_header ETag $$upstream_http_etag; add_header X-Sent-By nginx; }
}
"""


@pytest.mark.nginx
def test_bounded_ranges_are_sent_by_nginx(tmp_path_factory):
    require(nginx_missing())
    root = tmp_path_factory.mktemp("roots").resolve()
    (root / "acme").mkdir()
    (root / "acme/big file.bin").write_bytes(BIG)
    with serving(root, accel="/_files", range_size=2 << 20) as plane, nginx(CONFIG.replace("BACKEND", str(plane.port))) as front:
        address = plane.start(Place("file", str(root / "acme/big file.bin")))
        path, token = address.endpoint.removeprefix(plane.base), address.properties["authorization"]

        def ask(**headers):
            connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=10)
            fields = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} | fields)
            response = connection.getresponse()
            return response, response.read()

        response, body = ask(Range="bytes=100-199")
        assert (response.status, body, response.headers["X-Sent-By"]) == (206, BIG[100:200], "nginx")
        tag = response.headers["ETag"]
        for headers in ({}, {"Range": "bytes=100-199", "If_Range": tag}):
            response, body = ask(**headers)
            assert response.headers["X-Sent-By"] is None
            assert response.headers["ETag"] == tag
            assert body == (BIG[100:200] if headers else BIG)
        here, there = f":{plane.port}/", f":{front.port}/"
        seen = type(address)(
            endpoint_type=address.endpoint_type,
            endpoint=address.endpoint.replace(here, there),
            properties={name: value.replace(here, there) for name, value in address.properties.items()},
        )
        fetch(seen, root / "into")
        assert (root / "into/big file.bin").read_bytes() == BIG
        assert (front.folder / "access.log").read_text().count(" 206 ") >= 4
        plane.halt()
        assert ask(Range="bytes=100-199")[0].status == 401
