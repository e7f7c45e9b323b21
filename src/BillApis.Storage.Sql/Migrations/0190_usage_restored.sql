-- Months that were brought back from their archive, and until when they are not archived again: month is counted from 1970.
create table billing_usage_restored (tenant_id text not null, month bigint not null, keep_until bigint not null, primary key (tenant_id, month));
