-- What the last commits changed of quotas and reservations, a row for each: the rows of billing_quota and billing_reservation are behind by as much.
create table billing_quota_journal (no integer primary key, tenant_id text not null, added text not null, changed text not null, moved text not null);
