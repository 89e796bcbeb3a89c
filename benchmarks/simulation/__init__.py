"""A simulation of the pipeline: what it costs, and how many retrainings a day it can do.

The simulation walks through the definition that `retrain deploy` would deploy. `make simulate`
prints the tables of docs/scale.md. This package imports `state_machine` and `lambdas`. No other
package imports it.
"""
