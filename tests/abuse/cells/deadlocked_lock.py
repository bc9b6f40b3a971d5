# class: dos
# Waits for a lock that it holds itself.
import threading; l=threading.Lock(); l.acquire(); l.acquire()
