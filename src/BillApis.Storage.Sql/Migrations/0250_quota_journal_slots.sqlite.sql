-- What the last commits changed of quotas and reservations, a row for each. Slots are written over again from the first on once billing_quota and billing_reservation hold
-- what they say, so that a commit changes one page that is there already: a slot counts where its round is the one that slot 0 names.
-- What the journal before this one says is carried into the rows.
insert into billing_reservation (tenant_id, id, customer_id, subject, starts_at, quantity, quota_limit, state, actual, expires_at, also_subject, also_limit)
select j.tenant_id, json_extract(a.value, '$[0]'), json_extract(a.value, '$[1]'), json_extract(a.value, '$[2]'), json_extract(a.value, '$[3]'), json_extract(a.value, '$[4]'), json_extract(a.value, '$[5]'),
    json_extract(a.value, '$[6]'), json_extract(a.value, '$[7]'), json_extract(a.value, '$[8]'), json_extract(a.value, '$[9]'), json_extract(a.value, '$[10]')
from billing_quota_journal as j, json_each(j.added) as a
order by j.no;

-- Beside max, SQLite answers the other columns of the row that has it: the latest.
update billing_reservation set state = c.state, actual = c.actual
from (
    select j.tenant_id, json_extract(c.value, '$[0]') as id, json_extract(c.value, '$[1]') as state, json_extract(c.value, '$[2]') as actual, max(j.no)
    from billing_quota_journal as j, json_each(j.changed) as c
    group by j.tenant_id, json_extract(c.value, '$[0]')
) as c
where billing_reservation.tenant_id = c.tenant_id and billing_reservation.id = c.id;

update billing_quota set used = m.used, reserved = m.reserved, next_expiry = m.next_expiry
from (
    select j.tenant_id, json_extract(m.value, '$[0]') as customer_id, json_extract(m.value, '$[1]') as subject, json_extract(m.value, '$[2]') as starts_at,
        json_extract(m.value, '$[3]') as used, json_extract(m.value, '$[4]') as reserved, json_extract(m.value, '$[5]') as next_expiry, max(j.no)
    from billing_quota_journal as j, json_each(j.moved) as m
    group by j.tenant_id, json_extract(m.value, '$[0]'), json_extract(m.value, '$[1]'), json_extract(m.value, '$[2]')
) as m
where billing_quota.tenant_id = m.tenant_id and billing_quota.customer_id = m.customer_id and billing_quota.subject = m.subject and billing_quota.starts_at = m.starts_at;

drop table billing_quota_journal;
create table billing_quota_journal (tenant_id text not null, slot integer not null, round integer not null, changes text not null, primary key (tenant_id, slot));
create index billing_quota_journal_first on billing_quota_journal (tenant_id) where slot = 1;
