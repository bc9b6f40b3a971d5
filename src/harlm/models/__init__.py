"""Language models: the adapters of providers, and how a named model is chosen and reached.

An adapter turns one protocol into ``LanguageModel``. Retries and limits are in ``wrappers``; budgets are not
handled here.
"""
