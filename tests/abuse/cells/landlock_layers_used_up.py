# class: proto
# Puts so many layers of Landlock on itself that a later branch cannot be given its folder.
import ctypes
l=ctypes.CDLL(None,use_errno=True); n=0; a=ctypes.c_uint64(1<<12); l.prctl(38,1,0,0,0)
for _ in range(20):
    f=l.syscall(444,ctypes.byref(a),8,0)
    n+=l.syscall(446,f,0)==0
print(n,"layers")
