# class: proto
# Calls with the largest and the smallest id that MessagePack can encode.
import os
from guest.worker.msgpack import pack
for i in ((1<<64)-1,-(1<<63),0):
    b=pack({"op":"call","id":i,"function":"budget","arguments":{}}); os.write(3,len(b).to_bytes(4,"little")+b)
print(budget() is not None)
