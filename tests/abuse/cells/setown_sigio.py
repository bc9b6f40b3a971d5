# class: leak
# Makes the kernel send another process a signal that ends it, whenever something can be read.
import fcntl,os,socket
a,b=socket.socketpair(); fcntl.fcntl(a,fcntl.F_SETOWN,CANARY["decoy_pid"]); fcntl.fcntl(a,fcntl.F_SETSIG,9)
fcntl.fcntl(a,fcntl.F_SETFL,os.O_ASYNC|os.O_NONBLOCK); b.send(b"x"); print("ESCAPED")
