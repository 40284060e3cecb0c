"""Serves an application on the loopback while a block runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn


@asynccontextmanager
async def serving(front: uvicorn.Server) -> AsyncIterator[None]:
    """Serve while the block runs."""
    task = asyncio.create_task(front.serve())
    while not front.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        front.should_exit = True
        await task
