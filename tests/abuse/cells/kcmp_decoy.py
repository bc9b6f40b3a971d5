# class: leak
# Compares its memory with that of another process, which tells kernel addresses apart.
import ctypes,os,platform
l=ctypes.CDLL(None,use_errno=True); r=l.syscall({"x86_64":312,"aarch64":272}[platform.machine()],os.getpid(),CANARY["decoy_pid"],1,0,0)
print("ESCAPED" if r>=0 else "no errno %d"%ctypes.get_errno())
