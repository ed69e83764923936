"""Training without a window: configuration, data, the session and what leaves its thread. No Qt here."""
