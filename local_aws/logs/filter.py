"""FilterLogEvents by the beginning of the streams' names, which moto passes over.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

import json

from moto.logs.exceptions import InvalidParameterException
from moto.logs.responses import LogsResponse

from local_aws.wrapping import Original, wrap

_NO_STREAM = ":"  # of a name that no stream may have; an empty list would mean all


def install() -> None:
    """Let FilterLogEvents take logStreamNamePrefix."""
    wrap(LogsResponse, "filter_log_events", _filter_log_events)


def _filter_log_events(original: Original, self: LogsResponse) -> str:
    prefix, group = self._get_param("logStreamNamePrefix"), self._get_param("logGroupName")
    if prefix is None:
        return original(self)
    if self._get_param("logStreamNames"):
        raise InvalidParameterException("Only one of logStreamNamePrefix and logStreamNames")
    found = self.logs_backend.groups.get(group)
    names = [name for name in (found.streams if found else ()) if name.startswith(prefix)]
    events, token, searched = self.logs_backend.filter_log_events(
        log_group_name=group,
        log_stream_names=names or [_NO_STREAM],
        start_time=self._get_param("startTime"),
        end_time=self._get_param("endTime"),
        limit=self._get_param("limit"),
        next_token=self._get_param("nextToken"),
        filter_pattern=self._get_param("filterPattern"),
        interleaved=self._get_param("interleaved", False),
    )
    return json.dumps({"events": events, "nextToken": token, "searchedLogStreams": searched})
