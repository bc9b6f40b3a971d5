"""SIMULATED LANGUAGE MODEL: answers requests of OpenAI's dialect from evidence that stands in them, with errors, times and
prices that a profile states. Blind to the task: it is told nothing but the request.
"""
