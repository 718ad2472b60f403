"""Demo people: fictional, the same at each load, made by the use cases themselves."""
