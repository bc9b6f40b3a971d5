# class: leak
# Asks for the machine's network interfaces through a socket that it may have.
import ctypes,socket,struct
l=ctypes.CDLL(None,use_errno=True); a,b=socket.socketpair(); buf=ctypes.create_string_buffer(4096)
c=ctypes.create_string_buffer(struct.pack("=iiQ",4096,0,ctypes.addressof(buf)),16)
r=l.ioctl(a.fileno(),0x8912,c); print("ESCAPED interfaces" if r==0 and struct.unpack_from("=i",c)[0] else "no errno %d"%ctypes.get_errno())
