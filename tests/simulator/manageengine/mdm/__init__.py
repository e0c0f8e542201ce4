"""Mobile Device Manager Plus Cloud, API v1, as its fact sheet says."""
