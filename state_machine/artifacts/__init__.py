"""What is packed and uploaded: the jobs' code by its digest, the Lambdas' zip by Chalice.

Imports `names` and `errors`; `definition`, `deployment` and `template` import it.
"""
