# class: proto
# Calls with an id beyond 64 bits, once as a float and once as text.
import os
from guest.worker.msgpack import pack
for i in (1e300,str(1<<200)):
    b=pack({"op":"call","id":i,"function":"budget","arguments":{}}); os.write(3,len(b).to_bytes(4,"little")+b)
