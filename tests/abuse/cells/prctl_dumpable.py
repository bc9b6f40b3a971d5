# class: leak
# Makes itself readable for other processes of its user again.
import ctypes
l=ctypes.CDLL(None,use_errno=True); r=l.prctl(4,1,0,0,0); print("ESCAPED" if r==0 else "no errno %d"%ctypes.get_errno())
