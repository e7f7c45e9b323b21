using System.Collections.Concurrent;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Reservations;

/// <summary>Quotas in <c>billing_quota</c>, and what is set aside of them in <c>billing_reservation</c>.</summary>
internal sealed class SqlReservationStore(SqlDatabase database) : IReservationStore
{
    private const int CallsPerCommit = 512;
    private readonly ConcurrentDictionary<TenantId, GroupCommit<QuotaCall>> _commits = [];

    public async Task<ReserveOutcome> ReserveAsync(TenantId tenant, Reservation wanted, MeteredUse metered, Duration lifetime, CancellationToken cancellationToken)
    {
        var call = new ReserveCall(wanted, metered, lifetime);
        await WriteAsync(tenant, call, cancellationToken).ConfigureAwait(false);
        return call.Outcome;
    }

    public async Task<SettleOutcome> SettleAsync(TenantId tenant, ReservationId id, decimal? actual, CancellationToken cancellationToken)
    {
        var call = new SettleCall(id, actual);
        await WriteAsync(tenant, call, cancellationToken).ConfigureAwait(false);
        return call.Outcome;
    }

    public async Task<Reservation?> FindAsync(TenantId tenant, ReservationId id, CancellationToken cancellationToken)
    {
        await FoldAsync(tenant, cancellationToken).ConfigureAwait(false);
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var row = await connection.QuerySingleOrDefaultAsync<ReservationRow>(new CommandDefinition(
            $"""
            select {ReservationRow.Fixed}, case when state = 'open' and expires_at <= {database.Dialect.Now} then 'expired' else state end as State
            from billing_reservation where tenant_id = @Tenant and id = @Id
            """,
            new { Tenant = tenant.ToString(), Id = id.ToString() },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        return row?.Read();
    }

    public async Task<QuotaCount> CountAsync(TenantId tenant, QuotaKey quota, CancellationToken cancellationToken)
    {
        await FoldAsync(tenant, cancellationToken).ConfigureAwait(false);
        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var row = await connection.QuerySingleOrDefaultAsync<QuotaRow>(new CommandDefinition(
            $"""
            select {QuotaRow.Columns}, {database.Dialect.Now} as Now
            from billing_quota where tenant_id = @Tenant and customer_id = @Customer and subject = @Subject and starts_at = @Start
            """,
            new { Tenant = tenant.ToString(), Customer = quota.Customer.ToString(), quota.Subject, Start = quota.Start.ToMicroseconds() },
            cancellationToken: cancellationToken)).ConfigureAwait(false);
        if (row is null)
        {
            return default;
        }

        if (row.NextExpiry > row.Now || row.NextExpiry is null)
        {
            return row.State.Count;
        }

        await WriteAsync(tenant, new ExpireCall(quota), cancellationToken).ConfigureAwait(false);
        return await CountAsync(tenant, quota, cancellationToken).ConfigureAwait(false);
    }

    public async Task<int> ExpireAsync(int limit, CancellationToken cancellationToken)
    {
        await FoldAsync(null, cancellationToken).ConfigureAwait(false);
        await using var connection = await database.OpenAsync(null, cancellationToken).ConfigureAwait(false);
        var rows = (await connection.QueryAsync<(string Tenant, string Customer, string Subject, long Start)>(new CommandDefinition(
            $"select tenant_id, customer_id, subject, starts_at from billing_quota where next_expiry <= {database.Dialect.Now} order by next_expiry limit @Limit",
            new { Limit = limit },
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
        await Task.WhenAll(rows.Select(row => WriteAsync(
            EntityId.Parse<TenantId>(row.Tenant), new ExpireCall(new QuotaKey(EntityId.Parse<CustomerId>(row.Customer), row.Subject, SqlTime.FromMicroseconds(row.Start))), cancellationToken))).ConfigureAwait(false);
        return rows.Count;
    }

    // The rows are behind by what the journal says.
    private async Task FoldAsync(TenantId? tenant, CancellationToken cancellationToken)
    {
        if (!database.Dialect.HasOneWriter)
        {
            return;
        }

        await using var connection = await database.OpenAsync(tenant, cancellationToken).ConfigureAwait(false);
        var behind = (await connection.QueryAsync<string>(new CommandDefinition(
            $"""
            select j.tenant_id
            from billing_quota_journal as j
            where j.slot = 1 and exists (select 1 from billing_quota_journal as now where now.tenant_id = j.tenant_id and now.slot = 0 and now.round = j.round) {(tenant is null ? "" : "and j.tenant_id = @Tenant")}
            """,
            new { Tenant = tenant?.ToString() },
            cancellationToken: cancellationToken)).ConfigureAwait(false)).AsList();
        foreach (var each in behind)
        {
            await WriteAsync(EntityId.Parse<TenantId>(each), new FoldCall(), cancellationToken).ConfigureAwait(false);
        }
    }

    private Task WriteAsync(TenantId tenant, QuotaCall call, CancellationToken cancellationToken) => _commits.GetOrAdd(tenant, CommitOf).WriteAsync(call, cancellationToken);

    // Callers of one tenant meet at the same quotas anyway; their outcomes are set before the commit and told after it.
    private GroupCommit<QuotaCall> CommitOf(TenantId tenant) => new(new QuotaWriter(database, tenant).ApplyAsync, _ => 1, CallsPerCommit, writers: 1);
}
