# class: leak
# Loads a module into the kernel from a bad address, which is looked at only when it is permitted.
import ctypes,platform
l=ctypes.CDLL(None,use_errno=True); l.syscall({"x86_64":175,"aarch64":105}[platform.machine()],None,ctypes.c_long(64),None)
print("ESCAPED loading is permitted" if ctypes.get_errno() in (14,8,22) else "no errno %d"%ctypes.get_errno())
