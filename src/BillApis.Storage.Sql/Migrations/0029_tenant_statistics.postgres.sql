-- Statistics know the tenants of yesterday: of one that is new since, PostgreSQL expects no rows at all, and then reads all of them by
-- whichever index begins with the tenant. Without statistics it expects a share of every tenant, and takes the index that fits the query.
do $$
declare found record;
begin
    for found in
        select c.oid::regclass as name from pg_attribute a join pg_class c on c.oid = a.attrelid
        where a.attname = 'tenant_id' and c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and c.relname like 'billing\_%'
    loop
        execute format('alter table %s alter column tenant_id set statistics 0', found.name);
    end loop;
end $$;
