"""The pipeline as AWS has it: its settings, its definition, and the stage that is deployed of them.

Rooms, each importing only what is below it: `template` (the stage as one CloudFormation template),
`deployment` (each resource of a stage), `definition` (pipeline.toml in, the states out),
`artifacts` (the zips that are deployed), `sdk` (AWS's two SDKs, tamed). It imports `lambdas` for
the names that both have in common; `operations` and what is above it import it.
"""
