# class: dos
# Fills the worker's own output buffer past its bounds, so that its done message is too large.
import sys; kept = sys.stdout._captured; kept._head.append("x" * 20_000_000); kept.length = 1 << 70
