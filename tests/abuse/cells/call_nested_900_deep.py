# class: proto
# Calls with an argument nested 900 deep, just below what the host's decoder takes.
import os
from guest.worker.msgpack import pack
b=pack({"op":"call","id":9,"function":"llm_query"})
b=b"\x84"+b[1:]+pack("arguments")+b"\x81"+pack("prompt")+b"\x91"*900+b"\xc0"
os.write(3,len(b).to_bytes(4,"little")+b)
