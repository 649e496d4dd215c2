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
    "test_encoding",
    "test_crud_subpartition",
    "test_none_options",
    "test_headers",
]

_SCRIPTS = "stored procedures are not served"
_CONFLICTS = "conflicts are not served"

KNOWN = {
    "test_aggregate": {
        "test_run_all": "it expects the SDK to combine aggregates itself, and null if one is undefined",
    },
    "test_orderby": {
        "test_orderby_query_noncomparable_orderby_item": "it expects the SDK to order values itself",
    },
    "test_encoding": {
        "test_create_stored_procedure_with_line_separator_para_seperator_next_line_unicodes": _SCRIPTS,
    },
    "test_none_options": {
        "test_list_conflicts_none_options": _CONFLICTS,
        "test_query_conflicts_none_options": _CONFLICTS,
    },
}
