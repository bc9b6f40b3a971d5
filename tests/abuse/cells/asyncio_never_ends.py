# class: dos
# Awaits a future that never completes, and cancels nothing.
import asyncio
async def stubborn():
    while True:
        try: await asyncio.Event().wait()
        except BaseException: pass
await stubborn()
