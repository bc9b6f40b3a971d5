# class: proto
# Sends a good call one byte at a time.
import os,time
from guest.worker.msgpack import pack
b=pack({"op":"call","id":1<<40,"function":"budget","arguments":{}})
for x in len(b).to_bytes(4,"little")+b: os.write(3,bytes([x])); time.sleep(.003)
print(budget() is not None)
