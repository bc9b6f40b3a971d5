# class: leak
# Names the machine what it is named.
import socket; socket.sethostname(socket.gethostname()); print("ESCAPED")
