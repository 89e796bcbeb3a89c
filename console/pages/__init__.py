"""What the pages look like. What they show is read elsewhere."""
