"""The embedded AWS: moto's server on loopback, extended until jobs, Lambdas and events really run.

`python -m local_aws` serves; `client.py` starts and stops such a server from another process. Each
service has a room of its own, and each room imports only what is below it:

    server                                     listens, answers, installs the extensions
    awslambda, cloudformation, service_quotas
    stepfunctions
    sagemaker
    s3
    events                                     EventBridge
    logs, messaging                            CloudWatch Logs; SNS and what is delivered
    iam                                        who may do what
    requests                                   what every request meets before its service
    context                                    what an extension is told of its server
    state, processes, credentials
    arns, wrapping

It imports nothing else of this project, and only `cli` and `benchmarks` may import it: everyone
else meets it as an endpoint, like AWS.
"""
