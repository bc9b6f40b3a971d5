# class: proto
# Sends descriptors of its own to the host along with a good call, fifty times over.
import socket,array
from guest.worker.msgpack import pack
s=socket.socket(fileno=3); b=pack({"op":"call","id":5,"function":"budget","arguments":{}}); b=len(b).to_bytes(4,"little")+b
try:
    s.sendmsg([b],[(socket.SOL_SOCKET,socket.SCM_RIGHTS,array.array("i",[1]*50))]); print("sent")
except OSError as e: print("no",e)
finally: s.detach()
