# class: dos
# Sets an alarm that ends the process in the next cell.
import signal; signal.signal(signal.SIGALRM,signal.SIG_DFL); signal.setitimer(signal.ITIMER_REAL,.02)
