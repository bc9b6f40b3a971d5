# class: leak
# Writes to the memory of another process of this user.
import ctypes
l=ctypes.CDLL(None,use_errno=True); b=ctypes.create_string_buffer(b"sk-escape")
class V(ctypes.Structure): _fields_=[("b",ctypes.c_void_p),("n",ctypes.c_size_t)]
r=l.process_vm_writev(CANARY["decoy_pid"],ctypes.byref(V(ctypes.addressof(b),9)),1,ctypes.byref(V(CANARY["decoy_addr"],9)),1,0)
print("ESCAPED" if r>0 else "no errno %d"%ctypes.get_errno())
