# class: proto
# Calls with text that is not UTF-8.
import os
from guest.worker.msgpack import pack
b=pack({"op":"call","id":9,"function":"llm_query"})
b=b"\x84"+b[1:]+pack("arguments")+b"\x81"+pack("prompt")+b"\xa3\xff\xfe\x80"
os.write(3,len(b).to_bytes(4,"little")+b)
