"""What `bench` measures below the window."""
