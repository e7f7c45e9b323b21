using System.Globalization;
using System.Runtime.CompilerServices;
using BillApis.Auditing;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Auditing;

/// <summary>The audit trail in <c>billing_audit</c>, which triggers keep from being changed.</summary>
internal sealed class SqlAuditStore(SqlDatabase database) : IAuditStore
{
    public Task AppendAsync(TenantId tenant, AuditSource source, AuditChange change, CancellationToken cancellationToken) =>
        database.TransactAsync(tenant, transaction => AuditWriter.AddAsync(database.Dialect, transaction, tenant, source, [change], cancellationToken), cancellationToken);

    public async Task<Page<AuditEntry>> ListAsync(TenantId tenant, AuditQuery query, CancellationToken cancellationToken)
    {
        var after = query.After is null ? long.MaxValue : long.TryParse(query.After, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : throw BillingException.Field("cursor", "must be the next_cursor of an earlier page");
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var rows = (await connection.QueryAsync<Row>(new CommandDefinition(
            $"""
            select sequence as Sequence, body as Body, hash as Hash from billing_audit
            where tenant_id = @Tenant and sequence < @After
            {(query.Actor is null ? "" : "and actor = @Actor")} {(query.Action is null ? "" : "and action = @Action")} {(query.Object is null ? "" : "and object_id = @Object")}
            {(query.From is null ? "" : "and at >= @From")} {(query.To is null ? "" : "and at < @To")}
            order by sequence desc limit @Limit
            """,
            new { Tenant = tenant.ToString(), After = after, query.Actor, query.Action, query.Object, From = query.From?.ToMicroseconds(), To = query.To?.ToMicroseconds(), Limit = query.Limit + 1 },
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
        return new Page<AuditEntry>([.. rows.Take(query.Limit).Select(row => row.Read().Read())], rows.Count > query.Limit ? rows[query.Limit - 1].Sequence.ToString(CultureInfo.InvariantCulture) : null);
    }

    public async IAsyncEnumerable<AuditRecord> ReadAsync(TenantId tenant, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        for (var last = 0L; ;)
        {
            var rows = (await connection.QueryAsync<Row>(new CommandDefinition(
                "select sequence as Sequence, body as Body, hash as Hash from billing_audit where tenant_id = @Tenant and sequence > @Last order by sequence limit @Limit",
                new { Tenant = tenant.ToString(), Last = last, Limit = Limits.PageSize },
                cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
            foreach (var row in rows)
            {
                yield return row.Read();
            }

            if (rows.Count < Limits.PageSize)
            {
                yield break;
            }

            last = rows[^1].Sequence;
        }
    }

    public Task<AuditChain> AnchorAsync(TenantId tenant, CancellationToken cancellationToken) => ChainAsync("billing_audit_anchor", tenant, cancellationToken);

    public Task<AuditChain> HeadAsync(TenantId tenant, CancellationToken cancellationToken) => ChainAsync("billing_audit_head", tenant, cancellationToken);

    public Task<int> LetGoAsync(TenantId tenant, Instant before, int most, CancellationToken cancellationToken) => database.WriteAsync(
        tenant,
        async transaction =>
        {
            // The newest entry stays, whatever its age: the next one is chained to it.
            var (key, connection) = (new { Tenant = tenant.ToString(), Before = before.ToMicroseconds(), Most = most }, transaction.Connection!);
            var last = await connection.QueryFirstOrDefaultAsync<Row>(new CommandDefinition(
                """
                select sequence as Sequence, hash as Hash, '' as Body from billing_audit
                where tenant_id = @Tenant and at < @Before and sequence < (select sequence from billing_audit_head where tenant_id = @Tenant)
                and sequence <= (select min(sequence) from billing_audit where tenant_id = @Tenant) + @Most - 1
                order by sequence desc limit 1
                """,
                key,
                transaction,
                cancellationToken: cancellationToken)).ConfigureAwait(false);
            if (last is null)
            {
                return 0;
            }

            var gone = new { key.Tenant, last.Sequence, last.Hash };
            await connection.ExecuteAsync(new CommandDefinition(
                "insert into billing_audit_anchor (tenant_id, sequence, hash) values (@Tenant, @Sequence, @Hash) on conflict (tenant_id) do update set sequence = @Sequence, hash = @Hash", gone, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false);
            return await connection.ExecuteAsync(new CommandDefinition("delete from billing_audit where tenant_id = @Tenant and sequence <= @Sequence", gone, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false);
        },
        cancellationToken);

    private async Task<AuditChain> ChainAsync(string table, TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var row = await connection.QueryFirstOrDefaultAsync<Row>(new CommandDefinition(
            $"select sequence as Sequence, hash as Hash, '' as Body from {table} where tenant_id = @Tenant", new { Tenant = tenant.ToString() }, cancellationToken: cancellationToken)).ConfigureAwait(false);
        return row is null ? AuditChain.Empty : new AuditChain(row.Sequence, row.Hash);
    }

    private sealed record Row
    {
        public required long Sequence { get; init; }
        public required string Body { get; init; }
        public required string Hash { get; init; }

        public AuditRecord Read() => new(Body, Hash);
    }
}
