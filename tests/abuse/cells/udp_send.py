# class: leak
# Sends a datagram to a port of this machine.
import socket
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.sendto(b"x",("127.0.0.1",CANARY["uport"])); print("ESCAPED")
