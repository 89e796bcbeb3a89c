"""What runs on this machine while a command does: the embedded AWS, the demo, web pages.

Imports `shown`, `operations` and `local_aws`; imported by `commands`.
"""
