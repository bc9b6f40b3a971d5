# class: leak
# Sends a datagram with sendmsg, whose address a filter of system calls cannot see.
import socket
a,b=socket.socketpair(socket.AF_UNIX,socket.SOCK_DGRAM)
a.sendmsg([b"x"],[],0,"\0"+CANARY.get("abstract_dgram","none")); print("ESCAPED")
