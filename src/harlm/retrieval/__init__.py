"""Finding passages: BM25 over SQLite FTS5, and the sentence of a passage that answers a question best.

The context searches its documents with it, and memory its entries. Handles texts by number. Does not depend
on documents or citations.
"""
