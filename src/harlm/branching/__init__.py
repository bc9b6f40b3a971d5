"""STRATEGIES AND BRANCHES: which ways lead to an answer, how sure an answer is, and when a second way is worth its cost."""
