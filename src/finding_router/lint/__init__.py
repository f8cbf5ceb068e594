"""Find the parts of routes and silences that cannot match any finding."""
