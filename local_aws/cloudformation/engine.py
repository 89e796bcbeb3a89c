"""CloudFormation that makes what it makes by calls to the services, as AWS's does.

moto's engine reads a template, puts it in order and resolves it. Its resources are replaced by
those of `kinds`; other types stay moto's own.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-overview.html

What this restores of AWS's behaviour, where moto 5.2 differs:

- AWS::S3::BucketPolicy, AWS::SNS::Subscription, AWS::Lambda::EventInvokeConfig and
  AWS::SageMaker::ModelPackageGroup are made. moto passes over them with a warning.
- Every property counts, or is refused by name. moto drops a bucket's versioning, lifecycle, public
  access block and notification, a function's tags, a state machine's logging and tracing.
- A template may lie in a bucket of this server, where `aws cloudformation deploy` puts it. moto
  takes the first part of 127.0.0.1 for the bucket.
- What a resource depends on is made before it. moto forgets DependsOn of what others refer to.
- An update goes from what is needed to what needs it, and removes last: see `updates`.
- What is gone already counts as deleted. moto stops there.
- A stack that a change set made has outputs.
"""

import re
import threading
from functools import cache
from typing import Any

from botocore.exceptions import ClientError
from moto import backends

from local_aws.cloudformation import conversion, failures, templates, updates
from local_aws.cloudformation.kinds import KINDS, Kind, Properties
from local_aws.wrapping import Original, replace, wrap


def install() -> None:
    """Change moto's CloudFormation when somebody first asks for it.

    It imports half of moto, which takes a second.
    """
    wrap(backends, "get_backend", _get_changed_backend)


_GONE = re.compile("NotFound|NoSuch|DoesNotExist|NonExistent")
_changing = threading.Lock()


class Made:
    """A resource of a stack. What is kept of it is its id, its attributes and its properties."""

    def __init__(self, kind: str, properties: Properties, made: tuple[str, dict[str, str]]) -> None:
        self.kind = kind
        self.properties = properties
        self.physical_resource_id, self._attributes = made

    def get_cfn_attribute(self, name: str) -> str:
        """Return what Fn::GetAtt asks for."""
        if name not in self._attributes:
            from moto.cloudformation import exceptions  # noqa: PLC0415 (see `install`)

            raise exceptions.UnformattedGetAttTemplateException
        return self._attributes[name]

    def delete(self, _account: str, region: str) -> None:
        """Delete it."""
        session = conversion.session(region)
        try:
            KINDS[self.kind].remove(session, self.physical_resource_id, self.properties)
        except ClientError as error:
            if not _GONE.search(error.response["Error"]["Code"]):
                raise

    def is_created(self) -> bool:
        """Nothing takes longer than its call."""
        return True


class _Maker:
    """What moto takes for the class of a resource type."""

    def __init__(self, name: str, kind: Kind) -> None:
        self._name = name
        self._kind = kind

    def has_cfn_attr(self, name: str | dict[str, Any]) -> bool:
        return isinstance(name, dict) or name in self._kind.attributes  # or is told by a Ref

    def create_from_cloudformation_json(
        self, name: str, template: Any, _account: str, region: str, **_: Any
    ) -> Made:
        properties = template["Properties"]
        if self._kind.name_property:
            properties.setdefault(
                self._kind.name_property, self._kind.made_up_name(name, properties)
            )
        made = self._kind.create(conversion.session(region), properties)
        return Made(self._name, properties, made)

    def update_from_cloudformation_json(
        self, *, original_resource: Made, cloudformation_json: Any, region_name: str, **_: Any
    ) -> Made:
        properties = cloudformation_json["Properties"]
        if self._kind.name_property:
            before = original_resource.properties[self._kind.name_property]
            properties.setdefault(self._kind.name_property, before)
        session = conversion.session(region_name)
        self._kind.change(session, original_resource.physical_resource_id, properties)
        original_resource.properties = properties
        return original_resource


def _get_changed_backend(original: Original, name: Any) -> Any:
    found = original(name)
    if name == "cloudformation":
        with _changing:  # each request has its own thread
            _change()
    return found


@cache
def _change() -> None:
    """Change moto's CloudFormation, once."""
    _make_by_calls()
    _make_dependencies_first()
    _update_in_order()
    _read_templates_from_here()
    _answer_outputs()
    templates.install()
    failures.install()


def _make_by_calls() -> None:
    from moto.cloudformation import parsing  # noqa: PLC0415 (see above)

    def find(original: Original, name: str) -> Any:
        return _Maker(name, KINDS[name]) if name in KINDS else original(name)

    wrap(parsing, "resource_class_from_type", find)


def _make_dependencies_first() -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html"""
    from moto.cloudformation.parsing import ResourceMap  # noqa: PLC0415 (see above)

    def get(original: Original, resources: ResourceMap, name: str) -> Any:
        if name not in resources._parsed_resources:
            wanted = resources._resource_json_map.get(name, {}).get("DependsOn", [])
            for dependency in [wanted] if isinstance(wanted, str) else wanted:
                get(original, resources, dependency)
        return original(resources, name)

    wrap(ResourceMap, "__getitem__", get)


def _update_in_order() -> None:
    from moto.cloudformation.parsing import ResourceMap  # noqa: PLC0415 (see above)

    replace(ResourceMap, update=updates.update)


def _read_templates_from_here() -> None:
    from moto.cloudformation import models, responses, utils  # noqa: PLC0415 (see above)

    def read(template_url: str, account_id: str, partition: str) -> str:
        here = template_url.replace("://127.0.0.1:", "://localhost:", 1)  # which moto knows
        return utils.get_stack_from_s3_url(here, account_id, partition)

    for module in (models, responses):
        replace(module, get_stack_from_s3_url=read)


def _answer_outputs() -> None:
    from moto.cloudformation.models import ChangeSet  # noqa: PLC0415 (see above)

    def apply(original: Original, change_set: Any) -> None:
        original(change_set)
        stack = change_set.stack
        stack.template, stack.template_dict = change_set.template, change_set.template_dict
        stack.output_map = stack._create_output_map()  # moto's is of the template before

    wrap(ChangeSet, "apply", apply)
