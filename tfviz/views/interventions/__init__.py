"""The interventions panel: changing a run while it trains, heads switched off, “what if”."""
