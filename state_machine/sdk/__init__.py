"""AWS's two SDKs, the Data Science SDK and SageMaker's, without their side effects.

This package imports no other package of this project. `definition`, `deployment` and `images.py`
import it.
"""
