# class: proto
# Calls with a value of an extension type, which some codecs unpickle.
import os
from guest.worker.msgpack import pack
b=pack({"op":"call","id":9,"function":"llm_query"})
b=b"\x84"+b[1:]+pack("arguments")+b"\x81"+pack("prompt")+b"\xc7\x05\x2aabcde"
os.write(3,len(b).to_bytes(4,"little")+b)
