# class: proto
# Asks under the largest and the smallest number that MessagePack has.
import os
from guest.worker.msgpack import pack
for i in ((1<<64)-1,-(1<<63),0):
    b=pack({"op":"call","id":i,"function":"budget","arguments":{}}); os.write(3,len(b).to_bytes(4,"little")+b)
print(budget() is not None)
