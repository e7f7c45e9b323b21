-- Has the database hold every row of a tenant to the tenant that the transaction was told ('*': all of them), or no longer does. Only tables that differ are touched; the tables' owner is held to it too.
create function billing_row_level_security(wanted boolean) returns void language plpgsql as $$
declare
    found record;
    told text := '(select current_setting(''billapis.tenant'', true))';
begin
    for found in
        select c.oid::regclass as name
        from pg_attribute as a join pg_class as c on c.oid = a.attrelid
        where a.attname = 'tenant_id' and not a.attisdropped and c.relkind in ('r', 'p') and c.relnamespace = current_schema()::regnamespace and c.relname like 'billing\_%'
            and (c.relrowsecurity and c.relforcerowsecurity) <> wanted
    loop
        execute format('drop policy if exists billing_tenant on %s', found.name);
        if wanted then
            execute format('create policy billing_tenant on %s using (tenant_id = %s or %s = ''*'')', found.name, told, told);
            execute format('alter table %s enable row level security, force row level security', found.name);
        else
            execute format('alter table %s no force row level security, disable row level security', found.name);
        end if;
    end loop;
end $$;

-- The parts of a month are tables of their own, which what is asked of the whole does not go through; what is asked of them is guarded too.
create or replace function billing_usage_open_month(month integer) returns void language plpgsql as $$
declare
    start timestamp := timestamp '1970-01-01' + make_interval(months => month);
    ends timestamp := timestamp '1970-01-01' + make_interval(months => month + 1);
    batches text := 'billing_usage_batch_' || to_char(start, 'YYYY_MM');
    slices text := 'billing_usage_slice_' || to_char(start, 'YYYY_MM');
begin
    perform pg_advisory_xact_lock(824552748);
    if to_regclass(batches) is null then
        execute format('create table %I (like billing_usage_batch including all)', batches);
        execute format('alter table %I alter column tenant_id set statistics 0', batches);
        execute format('alter table billing_usage_batch attach partition %I for values from (%s) to (%s)', batches, cast(month as bigint) << 40, (cast(month as bigint) + 1) << 40);
        execute format('create table %I (like billing_usage_slice including all)', slices);
        execute format('alter table %I alter column customer_id set statistics 0', slices);
        execute format('alter table billing_usage_slice attach partition %I for values from (%s) to (%s)', slices,
            cast(extract(epoch from start) as bigint) / 3600, cast(extract(epoch from ends) as bigint) / 3600);
        if (select c.relforcerowsecurity from pg_class as c where c.oid = 'billing_usage_batch'::regclass) then
            perform billing_row_level_security(true);
        end if;
    end if;
end $$;

-- Whether a month has no event any more is asked over all tenants.
create or replace function billing_usage_close_month(month integer) returns boolean language plpgsql as $$
declare
    start timestamp := timestamp '1970-01-01' + make_interval(months => month);
    batches text := 'billing_usage_batch_' || to_char(start, 'YYYY_MM');
    slices text := 'billing_usage_slice_' || to_char(start, 'YYYY_MM');
    used boolean;
begin
    perform set_config('lock_timeout', '2s', true);
    perform set_config('billapis.tenant', '*', true);
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
