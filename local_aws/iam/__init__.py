"""IAM: what the policies of roles and buckets allow.

`server` asks this package about every call that a role makes. Services ask when they act for a
role. `actions` says which rights an operation needs: a new service adds its operations there. This
package imports `requests`, `context.py`, `state`, `arns.py` and `wrapping.py`. `logs`, `messaging`,
`events`, `s3`, `sagemaker`, `stepfunctions`, `awslambda` and `server` import it.
"""
