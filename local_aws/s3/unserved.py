"""The operations of S3 that nothing here serves.

moto tells S3's operations by the parts of a query that it knows, and takes any other for the plain
operation of its path: DeleteBucketMetricsConfiguration would delete the bucket, PutObjectAnnotation
overwrite the object, and GetBucketRequestPayment answer with a list of keys.
"""

from local_aws.requests.calls import Call

_OF_BUCKETS = (
    *("CreateBucketMetadataConfiguration", "DeleteBucketMetadataConfiguration"),
    *("GetBucketMetadataConfiguration", "UpdateBucketMetadataAnnotationTableConfiguration"),
    *("UpdateBucketMetadataInventoryTableConfiguration", "GetBucketAbac", "PutBucketAbac"),
    *("UpdateBucketMetadataJournalTableConfiguration", "CreateBucketMetadataTableConfiguration"),
    *("DeleteBucketMetadataTableConfiguration", "GetBucketMetadataTableConfiguration"),
    *("DeleteBucketAnalyticsConfiguration", "GetBucketAnalyticsConfiguration"),
    *("ListBucketAnalyticsConfigurations", "PutBucketAnalyticsConfiguration"),
    *("DeleteBucketIntelligentTieringConfiguration", "GetBucketIntelligentTieringConfiguration"),
    *("ListBucketIntelligentTieringConfigurations", "PutBucketIntelligentTieringConfiguration"),
    *("DeleteBucketMetricsConfiguration", "GetBucketMetricsConfiguration"),
    *("ListBucketMetricsConfigurations", "PutBucketMetricsConfiguration"),
    *("GetBucketRequestPayment", "PutBucketRequestPayment"),
    *("DeleteBucketInventoryConfiguration", "CreateSession", "ListDirectoryBuckets"),
)
_OF_OBJECTS = (
    *("DeleteObjectAnnotation", "GetObjectAnnotation", "ListObjectAnnotations"),
    *("PutObjectAnnotation", "GetObjectRetention", "GetObjectTorrent", "RenameObject"),
    *("UpdateObjectEncryption", "WriteGetObjectResponse"),
)
UNSERVED = frozenset((*_OF_BUCKETS, *_OF_OBJECTS))


def is_unserved(call: Call | None) -> bool:
    """Tell whether the call is one of these."""
    return call is not None and call.service == "s3" and call.operation in UNSERVED
