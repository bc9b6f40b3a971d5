# class: leak
# Sends a datagram with sendmmsg, the least known of the calls that send.
import ctypes,platform,socket,struct
l=ctypes.CDLL(None,use_errno=True); a,b=socket.socketpair(socket.AF_UNIX,socket.SOCK_DGRAM)
n=CANARY.get("abstract_dgram","none").encode(); s=ctypes.create_string_buffer(struct.pack("=H",1)+b"\0"+n,3+len(n))
d=ctypes.create_string_buffer(b"x"); v=ctypes.create_string_buffer(struct.pack("=QQ",ctypes.addressof(d),1),16)
m=ctypes.create_string_buffer(struct.pack("=QIIQQQQiiII",ctypes.addressof(s),3+len(n),0,ctypes.addressof(v),1,0,0,0,0,0,0),64)
r=l.syscall({"x86_64":307,"aarch64":269}[platform.machine()],a.fileno(),m,1,0)
print("ESCAPED" if r>0 else "no errno %d"%ctypes.get_errno())
