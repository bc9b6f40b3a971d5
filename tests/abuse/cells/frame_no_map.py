# class: proto
# Sends a frame that is a list and not a map.
import os
from guest.worker.msgpack import pack
b=pack(["done","x"]); os.write(3,len(b).to_bytes(4,"little")+b)
