-- Most events come after everything that was closed: one look tells.
create index billing_usage_gate_end on billing_usage_gate (tenant_id, closed_until);
