# class: dos
# Puts hooks that raise on every thread to come.
import threading
def hook(*a): raise ValueError("hook")
threading.settrace(hook); threading.setprofile(hook)
t=threading.Thread(target=lambda: None); t.start(); t.join()
