# class: proto
# Finds the true name of its cell in the worker's frames, and reports its end twice.
import os,sys
from guest.worker.msgpack import pack
f=sys._getframe()
while not (isinstance(f.f_locals.get("frame"),dict) and "cell" in f.f_locals["frame"]): f=f.f_back
b=pack({"op":"done","cell":f.f_locals["frame"]["cell"],"head":"FORGED","tail":"","chars":6,"error":None,"final":None,"names":[],"wall_s":0.0})
os.write(3,(len(b).to_bytes(4,"little")+b)*2)
