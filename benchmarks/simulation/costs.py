"""What a simulated account pays, by service, in US dollars."""

from benchmarks.simulation.executions import Run
from benchmarks.simulation.prices import Figures
from benchmarks.simulation.services import Used

HOUR, MONTH = 3600, 30 * 86400
MB_OF_A_GB, KB_OF_A_GB = 1000, 1_000_000

Costs = dict[str, float]


def costs(used: Used, runs: list[Run], memory_gb: float, figures: Figures) -> Costs:
    """US dollars of everything that was used, by service; Lambdas have ``memory_gb``."""
    transitions = sum(run.transitions for run in runs)
    log_kb = transitions + figures.assumed("log_kb") * sum(run.started is not None for run in runs)
    return {
        "SageMaker, instances": _instances(used, figures),
        "SageMaker, volumes": used.volume_gb_seconds * figures.price("volume_gb_month") / MONTH,
        "Step Functions": transitions * figures.price("state_transition"),
        "Lambda": used.invocations * figures.price("lambda_request")
        + used.lambda_seconds * memory_gb * figures.price("lambda_gb_second"),
        "S3, requests": used.s3_puts * figures.price("s3_put")
        + used.s3_gets * figures.price("s3_get"),
        "CloudWatch and X-Ray": log_kb / KB_OF_A_GB * figures.price("log_gb")
        + sum(run.started is not None for run in runs) * figures.price("trace"),
    }


def kept(runs_a_day: float, figures: Figures) -> tuple[float, float]:
    """GB that a day's runs leave in the bucket, and US dollars a month for keeping them."""
    gb = runs_a_day * figures.assumed("kept_mb") / MB_OF_A_GB
    return gb, gb * figures.price("s3_gb_month")


def _instances(used: Used, figures: Figures) -> float:
    return sum(
        seconds * figures.instance_hour(instance_type, kind) / HOUR
        for (kind, instance_type), seconds in used.instance_seconds.items()
    )
