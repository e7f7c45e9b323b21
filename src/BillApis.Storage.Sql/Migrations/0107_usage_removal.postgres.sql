alter table billing_usage_archive alter column tenant_id set statistics 0;

-- The batch of each event, so that whole batches can be archived.
create or replace view billing_usage_by_time as
select b.tenant_id, e.f[1] collate "C" as source, e.f[2] collate "C" as id, e.f[3] as type, e.f[4] as customer, nullif(e.f[5], '') as customer_id, e.f[6] as subscription_id,
       cast(e.f[7] as bigint) as at, cast(e.f[8] as bigint) as recorded_at, e.f[9] as properties, e.f[10] as metrics, b.first_at, b.last_at, b.no as batch_no
from billing_usage_batch as b
cross join lateral unnest(string_to_array(convert_from(b.content, 'UTF8'), E'\x1e')) as l(line)
cross join lateral (select string_to_array(l.line, E'\x1f') as f offset 0) as e
where l.line <> '';

-- Takes away the parts of a month that have no event any more. Whoever holds the tables for long is not waited for: the next time will do.
create function billing_usage_close_month(month integer) returns boolean language plpgsql as $$
declare
    start timestamp := timestamp '1970-01-01' + make_interval(months => month);
    batches text := 'billing_usage_batch_' || to_char(start, 'YYYY_MM');
    slices text := 'billing_usage_slice_' || to_char(start, 'YYYY_MM');
    used boolean;
begin
    perform set_config('lock_timeout', '2s', true);
    perform pg_advisory_xact_lock(824552748);
    if to_regclass(batches) is null then
        return false;
    end if;
    lock table only billing_usage_batch, only billing_usage_slice in access exclusive mode;
    execute format('select exists (select 1 from %I)', batches) into used;
    if used then
        return false;
    end if;
    execute format('alter table billing_usage_batch detach partition %I', batches);
    execute format('alter table billing_usage_slice detach partition %I', slices);
    execute format('drop table %I, %I', batches, slices);
    return true;
end $$;
