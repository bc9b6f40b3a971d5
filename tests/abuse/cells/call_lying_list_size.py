# class: proto
# Calls with a list that claims 268 million items and brings none.
import os
from guest.worker.msgpack import pack
b=b"\x84"+pack({"op":"call","id":9,"function":"llm_query"})[1:]+pack("arguments")+b"\x81"+pack("prompt")+b"\xdd\x0f\xff\xff\xff"
os.write(3,len(b).to_bytes(4,"little")+b)
