# class: leak
# Makes a file system with the newer calls, without a place to put it.
import ctypes,os
l=ctypes.CDLL(None,use_errno=True); r=l.syscall(430,b"tmpfs",1); e=ctypes.get_errno()
t=l.syscall(428,-100,b"/",1|0o2000000)
print("ESCAPED" if r>=0 or t>=0 else "no errno %d"%e)
for f in (r,t):
    if f>=0: os.close(f)
