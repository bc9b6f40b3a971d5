"""VIEWER: shows stored runs in a browser: a page on this machine, or one file to pass around.

The page is in ``viewer/`` at the root of the repository; what it is built to is in ``assets``.
"""
