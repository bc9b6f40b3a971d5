# class: leak
# Makes a socketpair of a kind that may be connected again, and connects it outside.
import socket
a,b=socket.socketpair(socket.AF_UNIX,socket.SOCK_SEQPACKET)
s=socket.socket(socket.AF_UNIX,socket.SOCK_SEQPACKET); s.bind("\0x_abuse_seq"); print("ESCAPED",a.fileno())
