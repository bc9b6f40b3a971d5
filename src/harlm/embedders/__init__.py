"""Embedders: hashed words, a server that speaks OpenAI's protocol, or all-MiniLM-L6-v2 in numpy."""
