# class: leak
# Requests a page with the standard library, as a harmless cell would.
import urllib.request,socket
socket.setdefaulttimeout(.5)
try: urllib.request.urlopen("http://127.0.0.1:%d/?k=v"%CANARY["port"],timeout=.5)
except TimeoutError: print("ESCAPED")
except OSError as e: print("no",e) if "timed out" not in str(e) else print("ESCAPED")
