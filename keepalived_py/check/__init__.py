"""Health checks and IPVS."""
