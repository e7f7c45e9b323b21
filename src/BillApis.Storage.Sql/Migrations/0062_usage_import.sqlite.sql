create table billing_usage_import (
    tenant_id text not null, id text not null, alias text, created_at bigint not null,
    status text not null, progress_at bigint not null,
    body text not null, version bigint not null,
    primary key (tenant_id, id)
);
create unique index billing_usage_import_alias on billing_usage_import (tenant_id, alias);
create index billing_usage_import_open on billing_usage_import (progress_at) where status in ('uploading', 'running');

-- The files of imports that are not over, part by part, as they were sent.
create table billing_usage_import_part (
    tenant_id text not null, import_id text not null, part bigint not null, bytes blob not null,
    primary key (tenant_id, import_id, part)
);
