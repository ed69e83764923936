"""The dialogs, and what stands behind them."""
