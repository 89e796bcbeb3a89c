"""The pages of models: all versions, one version, two compared."""
