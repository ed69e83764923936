"""What is seen: theme, widgets and one file per panel. Imports training and core, never the application."""
