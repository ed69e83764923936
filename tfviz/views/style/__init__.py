"""How everything looks: the two themes and their colours, the style sheet, fonts and icons."""
