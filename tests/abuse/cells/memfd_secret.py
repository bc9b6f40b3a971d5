# class: leak
# Makes memory that not even the kernel can read.
import ctypes
l=ctypes.CDLL(None,use_errno=True); r=l.syscall(447,0); m=l.syscall(319 if __import__("platform").machine()=="x86_64" else 279,b"x",0)
print("ESCAPED %d %d"%(r,m) if max(r,m)>=0 else "no errno %d"%ctypes.get_errno())
