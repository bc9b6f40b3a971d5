# class: dos
# Lets a thread hold the interpreter lock in a regex that never ends.
import re,threading
threading.Thread(target=lambda: re.match(r"(a|a|b)*$","a"*60+"c"),daemon=True).start()
while True: pass
