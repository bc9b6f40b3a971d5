# class: leak
# Opens a socket to the kernel's cryptography, a large surface for attacks.
import socket
s=socket.socket(38,socket.SOCK_SEQPACKET); print("ESCAPED alg")
