"""The processes of the sandbox: the host's side of zygotes, REPLs and scouts, and the frames that they
exchange.
"""
