# class: leak
# Starts a process that ends without a signal, as no counted one does.
import ctypes,os,platform
l=ctypes.CDLL(None,use_errno=True); r=l.syscall({"x86_64":56,"aarch64":220}[platform.machine()],0,0,0,0,0)
if r==0: os._exit(0)
if r>0: os.waitpid(r,0x40000000)
print("ESCAPED" if r>0 else "no errno %d"%ctypes.get_errno())
