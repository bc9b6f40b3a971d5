# class: proto
# Calls with 100,000 arguments.
import os
from guest.worker.msgpack import pack
b=pack({"op":"call","id":9,"function":"budget","arguments":{"k%d"%i:i for i in range(10**5)}}); b=len(b).to_bytes(4,"little")+b
while b: b=b[os.write(3,b):]
