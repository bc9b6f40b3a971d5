# class: leak
# Opens a socket that sees every packet.
import socket
s=socket.socket(17,socket.SOCK_RAW,0x0300); print("ESCAPED packet")
