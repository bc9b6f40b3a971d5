# class: leak
# Reads the kernel's log by its own system call.
import ctypes
l=ctypes.CDLL(None,use_errno=True); b=ctypes.create_string_buffer(4096)
r=max(l.klogctl(3,b,4096),l.klogctl(10,None,0)); print("ESCAPED %d"%r if r>0 else "no errno %d"%ctypes.get_errno())
