# class: leak
# Handles the faults of its own memory, a favourite of those who attack kernels.
import ctypes,platform
l=ctypes.CDLL(None,use_errno=True); r=l.syscall({"x86_64":323,"aarch64":282}[platform.machine()],1); print("ESCAPED" if r>=0 else "no errno %d"%ctypes.get_errno())
