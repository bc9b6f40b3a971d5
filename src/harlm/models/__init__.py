"""Adapters to language models. Each turns one provider's protocol into ``LanguageModel``; none of them retries, counts
a budget or knows what its reply is for.
"""
