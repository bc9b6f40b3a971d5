"""Finding passages: BM25 over SQLite FTS5, and the sentence in a passage that answers a question best.

Two users: the context searches its documents, and memory will search its entries. Knows texts and numbers; refuses
to know what a document or a citation is.
"""
