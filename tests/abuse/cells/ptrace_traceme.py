# class: leak
# Offers itself to be traced by the process that started it.
import ctypes
l=ctypes.CDLL(None,use_errno=True); r=l.ptrace(0,0,None,None); print("ESCAPED" if r==0 else "no errno %d"%ctypes.get_errno())
