"""OCSF findings of Security Hub ("V2") in the shape of ASFF, so that routes and cards take both."""
