"""The AWS Data Science SDK as its users drive it: its steps, its templates, AWS's notebooks."""
