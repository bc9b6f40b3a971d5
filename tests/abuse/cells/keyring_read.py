# class: leak
# Asks for the keys that the kernel keeps for this session and user.
import ctypes,platform
l=ctypes.CDLL(None,use_errno=True); n={"x86_64":250,"aarch64":219}[platform.machine()]
r=[l.syscall(n,0,k,0) for k in (-3,-4,-5,-1)]; b=ctypes.create_string_buffer(512)
print("ESCAPED %s"%r if max(r)>0 else "no errno %d"%ctypes.get_errno())
