# class: dos
# Recurses a million deep with the limit lifted, through the C stack.
import sys; sys.setrecursionlimit(10**9)
class A:
    def __getattr__(self,n): return getattr(self,n+"x") if len(n)<9**9 else 1
def f(n): return 0 if n==0 else f(n-1)+[n].__len__()
print(f(10**6)); print(A().x)
