# class: leak
# Sends a datagram from one end of a socketpair to an abstract address outside.
import socket
a,b=socket.socketpair(socket.AF_UNIX,socket.SOCK_DGRAM)
a.sendto(b"x","\0"+CANARY.get("abstract_dgram","none")); print("ESCAPED")
