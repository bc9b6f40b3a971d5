# class: dos
# Interrupts itself 100,000 times a second with a handler that does nothing.
import signal
signal.signal(signal.SIGALRM,lambda *a: None); signal.setitimer(signal.ITIMER_REAL,1e-5,1e-5)
while True: pass
