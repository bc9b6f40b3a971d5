# class: leak
# Connects to a port of this machine by its IPv4 address in an IPv6 socket.
import socket
s=socket.socket(socket.AF_INET6); s.settimeout(.5); s.connect(("::ffff:127.0.0.1",CANARY["port"])); print("ESCAPED")
