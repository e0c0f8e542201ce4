"""ServiceDesk Plus Cloud, API v3, as far as assets go, as its fact sheet says."""
