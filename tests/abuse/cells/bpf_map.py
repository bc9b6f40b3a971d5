# class: leak
# Makes a table in the kernel for programs that run there.
import ctypes,os,platform,struct
l=ctypes.CDLL(None,use_errno=True); a=ctypes.create_string_buffer(struct.pack("=5I",2,4,4,1,0),128)
r=l.syscall({"x86_64":321,"aarch64":280}[platform.machine()],0,a,128); print("ESCAPED" if r>=0 else "no errno %d"%ctypes.get_errno())
