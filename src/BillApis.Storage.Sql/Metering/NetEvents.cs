using System.Data.Common;
using BillApis.Metering;
using Dapper;
using NodaTime;

namespace BillApis.Storage.Sql.Metering;

/// <summary>Reads what counts of the events of many customers and intervals at once: those that were never corrected, and the last correction of the others.</summary>
internal sealed class NetEvents(SqlDialect dialect)
{
    /// <summary>The columns of a correction as those of an event.</summary>
    public const string Columns = """
        c.source as Source, c.id as Id, c.type as Type, c.customer as Customer, c.customer_id as CustomerId, c.subscription_id as SubscriptionId,
        c.at as At, c.arrived_at as RecordedAt, c.properties as Properties, c.metrics as Metrics
        """;

    /// <summary>Whether any event of the tenant was ever corrected: where none was, nothing is looked up for each.</summary>
    public static async Task<bool> AreCorrectedAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, CancellationToken cancellationToken) =>
        await connection.QueryFirstOrDefaultAsync<long?>(new CommandDefinition(
            "select 1 from billing_usage_correction where tenant_id = @Tenant limit 1", new { Tenant = tenant.ToString() }, transaction, cancellationToken: cancellationToken)).ConfigureAwait(false) is not null;

    /// <summary>The condition that an event, named e, was not corrected, by what <paramref name="known"/> allows of a correction named c.</summary>
    public static string NeverCorrected(string known = "") =>
        $"not exists (select 1 from billing_usage_correction as c where c.tenant_id = @Tenant and c.source = e.source and c.id = e.id {known}{UsageSql.OneByOne})";

    /// <summary>The condition that a correction, named c, is the last of its event, by what <paramref name="known"/> allows of a later one named n.</summary>
    public static string IsLast(string known = "") =>
        $"not exists (select 1 from billing_usage_correction as n where n.tenant_id = @Tenant and n.source = c.source and n.id = c.id and n.sequence > c.sequence {known}{UsageSql.OneByOne})";

    /// <summary>The events of each request, by its place.</summary>
    public async Task<IReadOnlyList<(int Place, StoredEvent Event)>> ReadAsync(DbConnection connection, DbTransaction? transaction, TenantId tenant, IReadOnlyList<EventRequest> requests, CancellationToken cancellationToken)
    {
        var rows = requests.Select((request, index) => new
        {
            n = index, customer_id = request.Customer, type = request.Type, subscription_id = request.Subscription,
            first = request.Period.Start.ToMicroseconds(), last = request.Period.End.ToMicroseconds(), known = request.KnownBefore?.ToMicroseconds() ?? long.MaxValue,
        }).ToList();
        if (rows.Count == 0)
        {
            return [];
        }

        var corrected = await AreCorrectedAsync(connection, transaction, tenant, cancellationToken).ConfigureAwait(false);
        var found = await connection.BulkReadAsync<Row>(transaction, Sent(corrected), tenant, rows, cancellationToken).ConfigureAwait(false);
        var amended = corrected ? await connection.BulkReadAsync<Row>(transaction, Amended(), tenant, rows, cancellationToken).ConfigureAwait(false) : [];
        return [.. found.Concat(amended).Select(row => ((int)row.N, row.Read()))];
    }

    private string Sent(bool corrected) =>
        $"""
        select r.n as N, {EventRow.Columns}
        from {Rows()} as r
        cross join {EventRow.ByCustomer} as e
        where e.tenant_id = @Tenant and e.customer_id = r.customer_id and {dialect.UsageLog.Happened(EventRow.ByCustomer, "r.first", "r.last")} and {Matches("e")}
          {(corrected ? $"and {NeverCorrected("and c.recorded_at < r.known ")}" : "")}
        """;

    private string Amended() =>
        $"""
        select r.n as N, {Columns}
        from {Rows()} as r
        cross join billing_usage_correction as c
        where c.tenant_id = @Tenant and c.customer_id = r.customer_id and c.at >= r.first and c.at < r.last and c.recorded_at < r.known and {Matches("c")}
          and {IsLast("and n.recorded_at < r.known ")}
        """;

    private string Rows() => dialect.Rows("Rows", "n bigint", "customer_id text", "type text", "subscription_id text", "first bigint", "last bigint", "known bigint");

    private static string Matches(string table) =>
        $"(r.type is null or {table}.type = r.type) and (r.subscription_id is null or {table}.subscription_id in ('', r.subscription_id))";

    private sealed record Row : EventRow
    {
        public required long N { get; init; }
    }
}

/// <summary>Which events to read.</summary>
/// <param name="Customer">Whose.</param>
/// <param name="Type">Only of this type; of all where null.</param>
/// <param name="Subscription">Without those that name another subscription; all where null.</param>
/// <param name="Period">When they happened.</param>
/// <param name="KnownBefore">Corrections that arrived from then on are left out; none where null.</param>
internal sealed record EventRequest(CustomerId Customer, string? Type, SubscriptionId? Subscription, Interval Period, Instant? KnownBefore);
