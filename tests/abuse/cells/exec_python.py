# class: leak
# Replaces itself by another interpreter, which reports itself over the wire.
import os,sys
from guest.worker.msgpack import pack
f=sys._getframe()
while not (isinstance(f.f_locals.get("frame"),dict) and "cell" in f.f_locals["frame"]): f=f.f_back
b=pack({"op":"done","cell":f.f_locals["frame"]["cell"],"head":"ESC"+"APED\n","tail":"","chars":8,"error":None,"final":None,"names":[],"wall_s":0.0})
b=len(b).to_bytes(4,"little")+b; os.set_inheritable(3,True)
for p in (sys.executable,"/usr/bin/python3","/usr/local/bin/python3"):
    try: os.execve(p,["python3","-c","import os; os.write(3,%r)"%b],{})
    except OSError as e: print("no",e)
