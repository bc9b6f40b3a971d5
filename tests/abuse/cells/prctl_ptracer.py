# class: leak
# Lets any process trace it, and becomes the one that adopts orphans.
import ctypes
l=ctypes.CDLL(None,use_errno=True); r=[l.prctl(0x59616d61,ctypes.c_ulong(-1),0,0,0),l.prctl(36,1,0,0,0)]
print("ESCAPED %s"%r if 0 in r else "no errno %d"%ctypes.get_errno())
