"""A fake Service Quotas: some quotas with an applied value, some with AWS's default alone."""

from typing import Any

from tests.fakes.service import FakeService, operation, page


class FakeServiceQuotas(FakeService):
    """Quotas by name. A quota's code is "L-" and the length of its name."""

    service = "service-quotas"

    def __init__(
        self,
        applied: dict[str, float],
        defaults: dict[str, float] | None = None,
        adjustable: bool = True,
    ) -> None:
        super().__init__()
        self.applied = applied
        self.defaults = defaults or {}
        self.adjustable = adjustable

    @operation
    def list_service_quotas(self, **request: Any) -> dict[str, Any]:
        return self._page(request, self.applied)

    @operation
    def list_aws_default_service_quotas(self, **request: Any) -> dict[str, Any]:
        return self._page(request, self.defaults)

    def _page(self, request: dict[str, Any], values: dict[str, float]) -> dict[str, Any]:
        quotas = [
            {
                "ServiceCode": request["ServiceCode"],
                "QuotaName": name,
                "QuotaCode": f"L-{len(name)}",
                "Value": value,
                "Adjustable": self.adjustable,
            }
            for name, value in values.items()
        ]
        some, after = page(quotas, int(request.get("NextToken", 0)), self.page_size)
        return {"Quotas": some, **({} if after is None else {"NextToken": str(after)})}
