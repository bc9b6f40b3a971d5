# class: proto
# Calls with a MessagePack timestamp, which a codec may turn into a date that JSON cannot hold.
import os
from guest.worker.msgpack import pack
b=pack({"op":"call","id":9,"function":"llm_query"})
b=b"\x84"+b[1:]+pack("arguments")+b"\x81"+pack("prompt")+b"\xd6\xff\x7f\xff\xff\xff"
os.write(3,len(b).to_bytes(4,"little")+b); import time; time.sleep(.3)
