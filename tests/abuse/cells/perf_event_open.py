# class: leak
# Counts what another process and the whole machine do.
import ctypes,os,platform,struct
l=ctypes.CDLL(None,use_errno=True); n={"x86_64":298,"aarch64":241}[platform.machine()]
a=ctypes.create_string_buffer(struct.pack("=IIQ",1,128,0),128); a[40:48]=(1|32).to_bytes(8,"little")
r=[l.syscall(n,a,p,c,-1,0) for p,c in ((0,-1),(CANARY["decoy_pid"],-1),(-1,0))]
print("ESCAPED %s"%r if max(r)>=0 else "no errno %d"%ctypes.get_errno())
