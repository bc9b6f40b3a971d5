# class: proto
# Ends under its true name with a negative length, a tail that does not fit and a wall time of NaN.
import os,sys
from guest.worker.msgpack import pack
f=sys._getframe()
while not (isinstance(f.f_locals.get("frame"),dict) and "cell" in f.f_locals["frame"]): f=f.f_back
b=pack({"op":"done","cell":f.f_locals["frame"]["cell"],"head":"h","tail":"t","chars":-(1<<63),"error":"\x00"*9,"final":None,"names":[["\ud800","\x1b[2J"]]*5000,"wall_s":float("nan")})
os.write(3,len(b).to_bytes(4,"little")+b); os._exit(0)
