-- Running totals of hours, days and months (UTC), so that a period of any length costs a few rows. A bucket is its level (0 hour, 1 day, 2 month) and the hour
-- since 1970 that it starts with; it stands before the customer, so that a batch of current events touches few pages. A column that the metric does not need is null.
alter table billing_usage_total rename to billing_usage_total_hourly;
alter table billing_usage_item rename to billing_usage_item_hourly;
alter index billing_usage_total_pkey rename to billing_usage_total_hourly_pkey;
alter index billing_usage_item_pkey rename to billing_usage_item_hourly_pkey;

create table billing_usage_total (
    tenant_id text collate "C" not null, level smallint not null, hour bigint not null,
    customer_id text collate "C" not null, metric_id text collate "C" not null, subscription_id text collate "C" not null, dimensions text collate "C" not null,
    events bigint not null, value_sum numeric, value_moment numeric, value_max numeric, value_min numeric, latest_at bigint, latest_tie text collate "C", latest_value numeric,
    primary key (tenant_id, level, hour, customer_id, metric_id, subscription_id, dimensions)
) with (fillfactor = 70);

-- The different values of each bucket, for metrics that count those or rank them: how many events have each, and where things are added and removed, what happened last.
create table billing_usage_item (
    tenant_id text collate "C" not null, level smallint not null, hour bigint not null,
    customer_id text collate "C" not null, metric_id text collate "C" not null, subscription_id text collate "C" not null, dimensions text collate "C" not null, item text collate "C" not null,
    events bigint not null, latest_at bigint, latest_tie text collate "C", latest_value numeric,
    primary key (tenant_id, level, hour, customer_id, metric_id, subscription_id, dimensions, item)
);
alter table billing_usage_total alter column tenant_id set statistics 0;
alter table billing_usage_item alter column tenant_id set statistics 0;

insert into billing_usage_total (tenant_id, level, hour, customer_id, metric_id, subscription_id, dimensions, events, value_sum, value_max, value_min, latest_at, latest_tie, latest_value)
select t.tenant_id, l.level, l.hour, t.customer_id, t.metric_id, t.subscription_id, t.dimensions, sum(t.events), sum(t.value_sum), max(t.value_max), min(t.value_min),
       (array_agg(t.latest_at order by t.latest_at desc, t.latest_tie desc))[1],
       (array_agg(t.latest_tie order by t.latest_at desc, t.latest_tie desc))[1],
       (array_agg(t.latest_value order by t.latest_at desc, t.latest_tie desc))[1]
from billing_usage_total_hourly as t
cross join lateral (values
    (0, t.hour), (1, t.hour - t.hour % 24),
    (2, cast(extract(epoch from date_trunc('month', to_timestamp(t.hour * 3600) at time zone 'UTC')) as bigint) / 3600)) as l(level, hour)
group by t.tenant_id, l.level, l.hour, t.customer_id, t.metric_id, t.subscription_id, t.dimensions;

insert into billing_usage_item (tenant_id, level, hour, customer_id, metric_id, subscription_id, dimensions, item, events)
select distinct i.tenant_id, l.level, l.hour, i.customer_id, i.metric_id, i.subscription_id, i.dimensions, i.item, 1
from billing_usage_item_hourly as i
cross join lateral (values
    (0, i.hour), (1, i.hour - i.hour % 24),
    (2, cast(extract(epoch from date_trunc('month', to_timestamp(i.hour * 3600) at time zone 'UTC')) as bigint) / 3600)) as l(level, hour);

drop table billing_usage_total_hourly;
drop table billing_usage_item_hourly;
