# class: leak
# Asks to change the root to a path at a bad address, which is looked at only when it is permitted.
import ctypes,platform
l=ctypes.CDLL(None,use_errno=True); r=l.syscall({"x86_64":155,"aarch64":41}[platform.machine()],None,None)
print("ESCAPED pivot_root is permitted" if ctypes.get_errno()==14 else "no errno %d"%ctypes.get_errno())
