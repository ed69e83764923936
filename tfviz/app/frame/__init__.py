"""What frames the panels: menu, toolbar, bars, docks and the line of status."""
