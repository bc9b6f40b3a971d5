# class: dos
# Writes a str whose length and slices lie, to make the worker keep everything.
class S(str):
    def __len__(self): return 1
    def __getitem__(self,i): return self
import sys
for _ in range(40): sys.stdout.write(S("x"*10**6))
