"""What is seen: theme, widgets and one package per panel. Imports training and core, never the application."""
