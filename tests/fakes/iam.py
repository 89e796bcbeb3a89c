"""A fake IAM: roles, and what its policy simulator says."""

from datetime import UTC, datetime
from typing import Any

from tests.fakes.service import FakeService, client_error, operation

CREATED = datetime(2026, 1, 1, tzinfo=UTC)


class FakeIam(FakeService):
    """Allows everything but the actions in `denied`, and those that `depend` on a condition."""

    service = "iam"

    def __init__(
        self,
        *,
        roles: dict[str, str] | None = None,
        denied: tuple[str, ...] = (),
        depend: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self.roles = roles or {}  # ARN by name
        self.denied = denied
        self.depend = depend
        self.simulated: dict[str, list[str]] = {}  # actions by resource

    @operation
    def get_role(self, **request: Any) -> dict[str, Any]:
        name = request["RoleName"]
        if name not in self.roles:
            raise client_error("NoSuchEntity", "GetRole", status=404)
        role = {"RoleName": name, "Arn": self.roles[name], "Path": "/"}
        return {"Role": role | {"RoleId": "AROAEXAMPLEEXAMPLE", "CreateDate": CREATED}}

    @operation
    def simulate_principal_policy(self, **request: Any) -> dict[str, Any]:
        (resource,) = request["ResourceArns"]
        self.simulated.setdefault(resource, []).extend(request["ActionNames"])
        return {
            "IsTruncated": False,
            "EvaluationResults": [self._result(action) for action in request["ActionNames"]],
        }

    def _result(self, action: str) -> dict[str, Any]:
        refused = action in (*self.denied, *self.depend)
        missing = ["aws:RequestTag/team"] if action in self.depend else []
        return {
            "EvalActionName": action,
            "EvalDecision": "implicitDeny" if refused else "allowed",
            "MissingContextValues": missing,
        }
