"""What AWS answered, played against the embedded AWS: `make conformance`.

The recordings are data of LocalStack's test suite (Apache License 2.0) and are not part of the
repository: they are read from the folder that CONFORMANCE names, or from `../shared/conformance`.
"""
