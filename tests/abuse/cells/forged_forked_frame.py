# class: proto
# Says that a fork was done which nobody ordered.
import os
from guest.worker.msgpack import pack
b=pack({"op":"forked"}); os.write(3,len(b).to_bytes(4,"little")+b)
