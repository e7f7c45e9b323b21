-- Running totals of hours, days and months (UTC), so that a period of any length costs a few rows. A bucket is its level (0 hour, 1 day, 2 month) and the hour
-- since 1970 that it starts with; it stands before the customer, so that a batch of current events touches few pages. A column that the metric does not need is null.
alter table billing_usage_total rename to billing_usage_total_hourly;
alter table billing_usage_item rename to billing_usage_item_hourly;

create table billing_usage_total (
    tenant_id text not null, level bigint not null, hour bigint not null, customer_id text not null, metric_id text not null, subscription_id text not null, dimensions text not null,
    events bigint not null, value_sum text, value_moment text, value_max text, value_min text, latest_at bigint, latest_tie text, latest_value text,
    primary key (tenant_id, level, hour, customer_id, metric_id, subscription_id, dimensions)
) without rowid;

-- The different values of each bucket, for metrics that count those or rank them: how many events have each, and where things are added and removed, what happened last.
create table billing_usage_item (
    tenant_id text not null, level bigint not null, hour bigint not null, customer_id text not null, metric_id text not null, subscription_id text not null, dimensions text not null, item text not null,
    events bigint not null, latest_at bigint, latest_tie text, latest_value text,
    primary key (tenant_id, level, hour, customer_id, metric_id, subscription_id, dimensions, item)
) without rowid;

create temporary table billing_usage_bucket as
select h.hour as source, 0 as level, h.hour as hour from (select hour from billing_usage_total_hourly union select hour from billing_usage_item_hourly) as h
union all
select h.hour, 1, h.hour - h.hour % 24 from (select hour from billing_usage_total_hourly union select hour from billing_usage_item_hourly) as h
union all
select h.hour, 2, cast(strftime('%s', h.hour * 3600, 'unixepoch', 'start of month') as integer) / 3600 from (select hour from billing_usage_total_hourly union select hour from billing_usage_item_hourly) as h;

-- The window finds the one row whose event is the latest.
insert into billing_usage_total (tenant_id, level, hour, customer_id, metric_id, subscription_id, dimensions, events, value_sum, value_max, value_min, latest_at, latest_tie, latest_value)
select tenant_id, level, bucket, customer_id, metric_id, subscription_id, dimensions, sum(events), billing_sum(value_sum), billing_max(value_max), billing_min(value_min),
       max(case when place = 1 then latest_at end), max(case when place = 1 then latest_tie end), max(case when place = 1 then latest_value end)
from (
    select t.*, b.level, b.hour as bucket,
           row_number() over (partition by t.tenant_id, b.level, b.hour, t.customer_id, t.metric_id, t.subscription_id, t.dimensions order by t.latest_at desc, t.latest_tie desc) as place
    from billing_usage_total_hourly as t
    join billing_usage_bucket as b on b.source = t.hour
) as placed
group by tenant_id, level, bucket, customer_id, metric_id, subscription_id, dimensions;

insert into billing_usage_item (tenant_id, level, hour, customer_id, metric_id, subscription_id, dimensions, item, events)
select distinct i.tenant_id, b.level, b.hour, i.customer_id, i.metric_id, i.subscription_id, i.dimensions, i.item, 1
from billing_usage_item_hourly as i
join billing_usage_bucket as b on b.source = i.hour;

drop table billing_usage_bucket;
drop table billing_usage_total_hourly;
drop table billing_usage_item_hourly;
