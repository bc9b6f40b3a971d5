"""Builds a tier in a process that is then thrown away, and lets it try to break out."""

from __future__ import annotations

import asyncio
import socket

from harlm.sandbox.escape_attempts import attempts
from harlm.sandbox.process import zygote_socket as control
from harlm.sandbox.process.zygote import HostZygote
from harlm.sandbox.process.zygote_socket import ZygoteSocket

_PATIENCE_S = 30.0


async def probed(host: HostZygote, tier: str) -> control.News:
    """What a process reports that was confined as ``tier`` and then tried to break out.

    Raises:
        EOFError: the process was killed.
        OSError: it cannot be started, or did not report in time.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        talk = ZygoteSocket(ours)
        try:
            with attempts() as tried:
                order: dict[str, object] = {"op": "probe", "tier": tier, "canaries": dict(tried)}
                host.order(order, [theirs.fileno()])
                theirs.close()
                async with asyncio.timeout(_PATIENCE_S):
                    news, _ = await talk.receive()
            if isinstance(news, control.Refused) and (lacking := news.shortage) is not None:
                raise lacking
            return news
        finally:
            talk.close()
