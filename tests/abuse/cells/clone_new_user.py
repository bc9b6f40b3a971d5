# class: leak
# Starts a process in a user namespace of its own, where it would be root.
import ctypes,os,platform
l=ctypes.CDLL(None,use_errno=True); r=l.syscall({"x86_64":56,"aarch64":220}[platform.machine()],0x10000000|17,0,0,0,0)
if r==0: os._exit(0)
if r>0: os.waitpid(r,0)
print("ESCAPED" if r>0 else "no errno %d"%ctypes.get_errno())
