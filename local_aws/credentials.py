"""The variables that point any AWS tool at the embedded AWS, and at no real account."""

import os

ACCOUNT = "123456789012"


def variables(endpoint: str, region: str) -> dict[str, str]:
    """Return endpoint, region and dummy credentials, with the user's profiles out of reach."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,  # a profile may name roles or endpoints
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def isolate(endpoint: str, region: str) -> None:
    """Replace this process's own AWS variables, so that nothing in it reaches a real account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(variables(endpoint, region))
