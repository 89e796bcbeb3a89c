"""AWS's two SDKs, the Data Science SDK and SageMaker's, as far as the definition needs them.

Imports nothing of ours; `definition` and `deployment` import it.
"""
