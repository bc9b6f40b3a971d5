# class: leak
# Handles the page faults of its own memory, a common tool in attacks on kernels.
import ctypes,platform
l=ctypes.CDLL(None,use_errno=True); r=l.syscall({"x86_64":323,"aarch64":282}[platform.machine()],1); print("ESCAPED" if r>=0 else "no errno %d"%ctypes.get_errno())
