"""The embedded AWS: moto's server on this machine, extended until jobs and Lambdas really run.

`python -m local_aws` serves. `client.py` starts and stops such a server from another process. Each
service has a package, which imports only what is below it:

    server                                     listens, answers, installs the extensions
    awslambda, cloudformation, service_quotas
    stepfunctions
    sagemaker
    s3
    events                                     EventBridge
    ecr, logs, messaging                       ECR; CloudWatch Logs; SNS and deliveries
    iam                                        who may do what
    requests                                   what happens to a request before its service
    context                                    what an extension is told about its server
    containers                                 namespaces for jobs and Lambdas
    state, processes, credentials, sdk_files
    arns, shell, wrapping

This package imports no other package of this project. `cli` and `benchmarks` import it. Everything
else reaches the embedded AWS as it reaches AWS: through boto3.
"""
