# class: dos
# Fills the worker's own output buffer past its bounds, so that its done message is too large.
import sys; sys.stdout._head.append("x"*20_000_000); sys.stdout.length=1<<70
