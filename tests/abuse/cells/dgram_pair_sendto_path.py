# class: leak
# Sends a datagram from one end of a socketpair to a socket in the file system.
import socket
a,b=socket.socketpair(socket.AF_UNIX,socket.SOCK_DGRAM)
a.sendto(b"x",CANARY.get("unix_dgram","/none")); print("ESCAPED")
