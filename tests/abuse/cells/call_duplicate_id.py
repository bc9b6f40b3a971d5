# class: proto
# Makes two calls with the same id before the first is answered.
import os
from guest.worker.msgpack import pack
b=pack({"op":"call","id":77,"function":"llm_query","arguments":{"prompt":"p","model":None}})
os.write(3,(len(b).to_bytes(4,"little")+b)*2)
