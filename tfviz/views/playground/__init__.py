"""The playground panel: sentences to try, their answers and how they were decoded."""
