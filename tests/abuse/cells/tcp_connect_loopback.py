# class: leak
# Connects to a port of this machine.
import socket
socket.create_connection(("127.0.0.1",CANARY["port"]),.5); print("ESCAPED")
