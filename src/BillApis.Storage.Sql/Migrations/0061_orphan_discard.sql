-- Orphans that a person gave up: they stay on record with the reason, and are neither open nor recoverable any more.
alter table billing_usage_orphan add column discarded_at bigint;
alter table billing_usage_orphan add column discard_reason text;
