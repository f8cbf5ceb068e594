"""The worker: it does what presses ask for."""
