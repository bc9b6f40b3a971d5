# class: dos
# Starts threads that do not share the table of descriptors, or the current folder.
import ctypes,mmap
l=ctypes.CDLL(None,use_errno=True); l.clone.argtypes=[ctypes.c_void_p,ctypes.c_void_p,ctypes.c_int,ctypes.c_void_p]; n=0; kept=[]
for flags in (0x10b00,0x10d00,0x10900):
    stack=mmap.mmap(-1,65536); kept.append(stack); top=ctypes.addressof(ctypes.c_char.from_buffer(stack))+65536
    n+=l.clone(ctypes.cast(l.pause,ctypes.c_void_p),top,flags,None)>0
print("ESCAPED %d threads"%n if n else "none")
