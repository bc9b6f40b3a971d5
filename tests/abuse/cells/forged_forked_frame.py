# class: proto
# Reports a fork that was not ordered.
import os
from guest.worker.msgpack import pack
b=pack({"op":"forked"}); os.write(3,len(b).to_bytes(4,"little")+b)
