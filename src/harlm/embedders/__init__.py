"""Texts as vectors: hashed words, any server that speaks OpenAI's protocol, all-MiniLM-L6-v2 in numpy. Adapters: they know values
and sockets only.
"""
