# class: leak
# Undoes that it ends with the process that started it.
import ctypes
l=ctypes.CDLL(None,use_errno=True); r=l.prctl(1,0,0,0,0); print("ESCAPED" if r==0 else "no errno %d"%ctypes.get_errno())
