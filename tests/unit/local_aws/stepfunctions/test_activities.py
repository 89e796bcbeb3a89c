"""The queue of tasks that wait for a worker."""

from concurrent.futures import ThreadPoolExecutor

from local_aws.stepfunctions.operations.activities import Queue, Task


def test_tasks_come_in_their_order_and_only_of_the_own_activity() -> None:
    queue = Queue()
    for arn, token in (("a", "1"), ("b", "2"), ("a", "3")):
        queue.put(arn, Task(token, "{}"))

    taken = [queue.take(arn, 0) for arn in ("a", "a", "a", "b")]

    assert taken == [Task("1", "{}"), Task("3", "{}"), None, Task("2", "{}")]


def test_a_worker_that_waits_gets_the_task_that_comes() -> None:
    queue = Queue()
    with ThreadPoolExecutor(2) as pool:
        workers = [pool.submit(queue.take, "a", 20) for _ in range(2)]
        queue.put("a", Task("1", "{}"))
        queue.put("a", Task("2", "{}"))

    assert {worker.result() for worker in workers} == {Task("1", "{}"), Task("2", "{}")}
