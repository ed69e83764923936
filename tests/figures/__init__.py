"""What draws the pictures that lie in resources/: run by hand, needs packages that the program does not."""
