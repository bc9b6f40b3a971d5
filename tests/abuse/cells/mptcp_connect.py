# class: leak
# Connects with a protocol that looks like TCP only from outside.
import socket
s=socket.socket(socket.AF_INET,socket.SOCK_STREAM,262); s.settimeout(.5); s.connect(("127.0.0.1",CANARY["port"])); print("ESCAPED")
