# class: leak
# Opens a file of the standard library to write, without changing it.
import os
os.close(os.open(os.__file__,os.O_WRONLY)); print("ESCAPED")
