//! End to end: real processes over real sockets. Each file is named after what it proves.

mod acknowledged_is_kept;
mod both_or_neither;
mod configuration;
mod deployed;
mod exact_counts;
mod feed_is_only_a_hint;
mod functions;
mod in_order_per_order;
mod leases;
mod main_job;
mod managed_identity;
mod network_cut;
mod no_answer_is_not_no;
mod no_secret_is_logged;
mod nothing_pending_expires;
mod operator;
mod operator_check;
mod own_mark_is_silent;
mod poison_holds_only_its_order;
mod publish_before_mark;
mod refuse_early;
mod same_id_on_repeat;
mod slow_connections;
mod support;
mod torn_connections;
