# class: dos
# Awaits what never comes, and cancels nothing.
import asyncio
async def stubborn():
    while True:
        try: await asyncio.Event().wait()
        except BaseException: pass
await stubborn()
