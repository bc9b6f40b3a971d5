# class: leak
# Shares memory through System V, which outlives processes.
import ctypes
l=ctypes.CDLL(None,use_errno=True); r=l.shmget(0,4096,0o1600)
if r>=0: l.shmctl(r,0,None)
print("ESCAPED" if r>=0 else "no errno %d"%ctypes.get_errno())
