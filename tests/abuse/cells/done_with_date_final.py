# class: proto
# Ends under its true name with an answer that is a MessagePack timestamp and raw bytes, neither of which JSON can hold.
import os,sys
from guest.worker.msgpack import pack
f=sys._getframe()
while not (isinstance(f.f_locals.get("frame"),dict) and "cell" in f.f_locals["frame"]): f=f.f_back
b=pack({"op":"done","cell":f.f_locals["frame"]["cell"],"head":"","tail":"","chars":0,"error":None,"final":None,"names":[],"wall_s":0.0})
b=b.replace(pack("final")+b"\xc0",pack("final")+b"\x81"+pack("value")+b"\x92\xd6\xff\x7f\xff\xff\xff\xc4\x02\xff\xfe")
os.write(3,len(b).to_bytes(4,"little")+b); os._exit(0)
