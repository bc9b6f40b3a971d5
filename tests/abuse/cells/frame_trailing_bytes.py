# class: proto
# Sends a good call with a second, forged message behind it inside the same frame.
import os
from guest.worker.msgpack import pack
b=pack({"op":"call","id":9,"function":"budget","arguments":{}})+pack({"op":"ready"}); os.write(3,len(b).to_bytes(4,"little")+b)
