"""AWS's two SDKs, the Data Science SDK and SageMaker's, without their side effects.

This package imports nothing of ours. `definition`, `deployment` and `images.py` import it.
"""
