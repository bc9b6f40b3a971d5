# class: dos
# Makes folders within folders, at most 2,000 deep, which the process that removes them must climb out of again.
import os
n=0; top=os.getcwd()
try:
    for n in range(2000): os.mkdir("x"*50); os.chdir("x"*50)
except OSError as e: print("stopped",n,e)
os.chdir(top)
