# class: dos
# Watches each file under many numbers in many sets of epoll: items that outlive their descriptors.
import os,select
n=0; files=[os.eventfd(0) for _ in range(10)]
try:
    sets=[select.epoll() for _ in range(20)]
    for f in files:
        for number in range(200,220):
            os.dup2(f,number)
            for s in sets: s.register(number,1); n+=1
            os.close(number)
except OSError as e: print(e)
print("ESCAPED %d items"%n if n>1000 else n)
