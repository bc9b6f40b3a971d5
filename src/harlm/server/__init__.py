"""The OpenAI-compatible server (``harlm serve``): conversations become questions over corpora, or over themselves."""
