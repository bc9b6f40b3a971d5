# class: leak
# Opens a socket to the machine that this one runs on.
import socket
s=socket.socket(40,socket.SOCK_STREAM); print("ESCAPED vsock")
