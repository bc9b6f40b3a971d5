# class: dos
# Fills its folder with at most 300 MB and leaves it full, for the REPL that comes after it.
n=0
try:
    with open("x_full","wb",0) as f:
        for n in range(300): f.write(b"x"*(1<<20))
except OSError as e: print("stopped",n,e)
