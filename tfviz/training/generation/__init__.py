"""Answers token by token: greedy, sampled, by beam search, and the sentences of the playground."""
