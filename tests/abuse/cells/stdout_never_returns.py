# class: dos
# Replaces sys.stdout by one whose write never returns.
import sys
class W:
    def write(self,t):
        while True: pass
    def flush(self): self.write("")
sys.stdout=sys.stderr=W(); print("x")
