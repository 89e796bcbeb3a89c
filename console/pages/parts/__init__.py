"""Parts that the pages share: the frame of a page, tables, live values, questions.

This package imports no page. The pages import it.
"""
