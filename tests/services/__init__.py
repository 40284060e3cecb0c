"""Real servers for the tests, from Debian's packages: each on a free port of 127.0.0.1, in a folder of its own, stopped by its own id.

with postgres() as url: ...        # a libpq address such as postgresql://hanse@127.0.0.1:41873/hanse
with nginx(config) as server: ...  # `server.port`, `server.folder`
"""

from tests.services.nginx import Nginx, nginx, nginx_missing
from tests.services.postgres import fresh_database, postgres, postgres_missing
from tests.services.processes import free_port, require, stop, wait_until

__all__ = [
    "Nginx",
    "free_port",
    "fresh_database",
    "nginx",
    "nginx_missing",
    "postgres",
    "postgres_missing",
    "require",
    "stop",
    "wait_until",
]
