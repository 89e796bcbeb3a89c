"""The pipeline in AWS: its settings, its state machine, and everything that a stage consists of.

Packages, each of which imports only what is below it:

    template       a whole stage as one CloudFormation template
    deployment     the resources of a stage
    definition     pipeline.toml in, states out
    functions      the list of the Lambdas, and what each of them may do
    artifacts      the zips and archives that are deployed
    sdk            AWS's two SDKs

This package imports `lambdas`, for the names and checks that both use. `operations`, `cli`,
`console` and `benchmarks` import it.
"""
