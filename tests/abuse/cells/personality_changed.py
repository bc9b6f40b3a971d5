# class: leak
# Switches off the randomness of addresses for all that it starts.
import ctypes
l=ctypes.CDLL(None,use_errno=True); r=l.personality(0x0040000)
print("ESCAPED" if r>=0 and l.personality(0xffffffff)&0x40000 else "no errno %d"%ctypes.get_errno())
