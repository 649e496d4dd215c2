"""Which files of azure-cosmos' own tests are run, and which of their tests fail, and why."""

# What asks for items, batches, queries and feeds of one account; the rest asks for regions and
# failover, for Entra ID, for search, or replaces parts of the SDK and asks no service at all.
FILES = [
    "test_transactional_batch",
    "test_ttl",
    "test_aggregate",
    "test_orderby",
    "test_multi_orderby",
    "test_change_feed",
    "test_change_feed_all_versions",
    "test_feed_range",
    "test_crud_database",
    "test_crud_container",
    "test_partition_key",
    "test_query",
    "test_query_cross_partition",
    "test_encoding",
    "test_crud_subpartition",
    "test_none_options",
    "test_headers",
]

_SCRIPTS = "stored procedures, triggers and functions are not served"
_METRICS = "metrics of queries and indexes are not told"
_PLANNED = "it expects the SDK to plan the query, to refuse it or to combine its parts"
_POLICY = "an indexing policy is answered as it was given, and not completed"
_USAGE = "how large a container is, and how far its index, is not told"

KNOWN = {
    "test_aggregate": {
        "test_run_all": _PLANNED,
    },
    "test_orderby": {
        "test_orderby_query_noncomparable_orderby_item": "it expects the SDK to order values itself",
    },
    "test_crud_container": {
        "test_collection_indexing_policy": _POLICY,
        "test_create_default_indexing_policy": _POLICY,
        "test_index_progress_headers": _USAGE,
        "test_partitioned_collection": _USAGE,
        "test_partitioned_collection_path_parser": "it reads a file that the distribution lacks",
        "test_sproc_crud": _SCRIPTS,
        "test_trigger_crud": _SCRIPTS,
        "test_trigger_functionality": _SCRIPTS,
        "test_udf_crud": _SCRIPTS,
    },
    "test_query": {
        "test_distinct_on_different_types_and_field_orders": _PLANNED,
        "test_partition_scoped_count_is_index_only": _METRICS,
        "test_populate_index_metrics": _METRICS,
        "test_populate_query_metrics": _METRICS,
        "test_query_items_parameters_none_with_options": _METRICS,
        "test_unsupported_queries": _PLANNED,
        "test_value_max_query": _PLANNED,
    },
    "test_query_cross_partition": {
        "test_cross_partition_query_response_hook": _PLANNED,
        "test_distinct_on_different_types_and_field_orders": _PLANNED,
        "test_populate_index_metrics": _METRICS,
        "test_populate_query_metrics": _METRICS,
        "test_unsupported_queries": _PLANNED,
        "test_value_max_query": _PLANNED,
    },
    "test_encoding": {
        "test_create_stored_procedure_with_line_separator_para_seperator_next_line_unicodes": _SCRIPTS,
    },
}
