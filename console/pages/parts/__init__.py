"""Parts that pages have in common: the frame around each, tables, live values, questions."""
