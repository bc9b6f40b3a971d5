# class: leak
# Opens a connection through asyncio, which makes sockets of its own.
import asyncio
r,w=await asyncio.open_connection("127.0.0.1",CANARY["port"]); print("ESCAPED"); w.close()
